"""URLs of the demo shop."""

from django.urls import path

from config.demo import views

urlpatterns = [
    path("", views.home, name="demo"),
    path("shop/", views.shop, name="demo-shop"),
    path("shop/<slug:slug>/", views.product, name="demo-product"),
    path("finder/", views.finder, name="demo-finder"),
    path("finder/<slug:step>", views.finder, name="demo-finder-step"),
    path("pricing/", views.pricing, name="demo-pricing"),
    path("contact/", views.contact, name="demo-contact"),
    path("checkout/", views.checkout, name="demo-checkout"),
    path("thanks/", views.thanks, name="demo-thanks"),
]
