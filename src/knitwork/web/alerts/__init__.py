"""What people did about signals: seen, put off, settled. One alert for one episode, however many points follow."""
