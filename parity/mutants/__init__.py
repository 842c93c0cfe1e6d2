"""Who judges the judges? Planted bugs: each is put into a copy of the code, and some judge must find it.

python -m parity.mutants
python -m parity.mutants linear.dw "eps inside the root"
"""
