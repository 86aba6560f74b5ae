"""Answers first, hands over to a person when it must."""

from django.apps import AppConfig


class ChatbotConfig(AppConfig):
    name = "chatbot"
