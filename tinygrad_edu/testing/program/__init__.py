"""Programs that test engines: what one is (ir), what it may say (vocabulary), how it is drawn, judged, made smaller, printed."""
