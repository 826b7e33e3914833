"""Settings, URL root and the ``tocsin`` command. The only room that reads the environment."""
