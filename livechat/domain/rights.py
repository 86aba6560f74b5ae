"""Groups and rights, declared in one table (`docs/reference/permissions.md`)."""

MANAGE = "livechat.manage_livechat"
OPERATE = "livechat.operate_livechat"
ANALYSE = "livechat.analyse_livechat"

_VIEWS = (
    "view_channel",
    "view_channelrule",
    "view_conversation",
    "view_message",
    "view_operator",
    "view_participant",
    "view_visitor",
    "view_pageview",
)


def _all_of(*models: str) -> list[str]:
    return [f"{verb}_{model}" for model in models for verb in ("add", "change", "delete", "view")]


GROUPS: dict[str, tuple[str, ...]] = {
    "Live chat manager": (
        "manage_livechat",
        "operate_livechat",
        "analyse_livechat",
        *_VIEWS,
        "add_channel",
        "change_channel",
        "delete_channel",
        "add_channelrule",
        "change_channelrule",
        "delete_channelrule",
        "add_membership",
        "change_membership",
        "delete_membership",
        "view_membership",
        "change_operator",
        "change_visitor",
        "view_embedding",
        "view_delivery",
        "change_delivery",
        *_all_of("cannedresponse", "expertise", "tag", "webhook"),
    ),
    "Live chat operator": (
        "operate_livechat",
        "view_channel",
        "view_expertise",
        "view_tag",
        *_all_of("cannedresponse"),
    ),
    "Live chat analyst": ("analyse_livechat",),
}
"""Group -> permissions that it gets. Permissions that an administrator adds to a group stay."""

OPERATORS = "Live chat operator"
MANAGERS = "Live chat manager"
ANALYSTS = "Live chat analyst"
