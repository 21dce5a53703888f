"""What every resource of the API stands on, in whichever app it lives."""
