"""The pages: Django on uvicorn, one app for each noun of people's work."""
