"""System checks of the installation: settings, exposure to the Internet, versions."""
