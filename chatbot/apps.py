"""Chatbots. Not implemented yet: this app has only its page in Admin."""

from django.apps import AppConfig


class ChatbotConfig(AppConfig):
    name = "chatbot"
