"""What is shown to people: one self-contained HTML file (`html`), and the charts in it (`charts`)."""
