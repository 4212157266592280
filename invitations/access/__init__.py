"""What a visitor may look at: what a genuine link or their own address leads to."""
