"""What the goals are measured against: the plain ways to do the same things, each as quick as its way allows."""
