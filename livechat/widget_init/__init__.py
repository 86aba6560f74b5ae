"""The widget's first requests on a page of a website, answered from memory.

The loader is the script that the website embeds; `init` tells it whether and how the chat button
appears on the page.
"""
