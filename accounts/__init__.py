"""Auth agent: people, their sign-up and login through allauth, and how a request proves who sends it."""
