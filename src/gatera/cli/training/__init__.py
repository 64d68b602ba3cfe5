"""What only `gatera train` needs: its options, made of the settings; how a run is printed; settings from a file or a program."""
