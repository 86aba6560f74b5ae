"""All WebSocket frames: commands from browsers, events to browsers.

Frames are JSON texts tagged by ``type``. Commands are imperative and refuse unknown fields. Events
are past tense and may get new fields: clients ignore fields they do not know. The browser's
types, ``static/livechat/shared/wire.d.ts``, are generated from this package
(``manage.py generate_wire``).

Frames for visitors and frames for staff are declared apart, so a field that is only in a staff
struct cannot reach a visitor.

Times are RFC 3339 in UTC. Ids are UUIDs, except those of canned responses. `seq` counts an
audience's own timeline 1..n without gaps: a visitor's frames carry `Message.public_seq`, staff
frames `Message.seq`. Sequence numbers and limits are integers below 2**53.
"""

from livechat.wire.codec import (
    decode_staff,
    decode_visitor,
    encode,
)
from livechat.wire.shared import (
    Ack,
    CloseConversation,
    Drain,
    FetchTimeline,
    FileOpened,
    Heartbeat,
    OpenFile,
    OpenTranscript,
    Rejected,
    SeeMessages,
    SetTyping,
    TranscriptOpened,
)
from livechat.wire.staff import (
    AnswersTold,
    CannedListed,
    CannedResponse,
    EarlierConversation,
    FetchAnswers,
    FetchCanned,
    FetchInbox,
    FetchVisitor,
    FirstSteps,
    InboxChanged,
    InboxSnapshot,
    JoinChannel,
    JoinConversation,
    LeaveChannel,
    LeaveConversation,
    Me,
    PageSeen,
    PresenceChanged,
    SetPresence,
    SetStatus,
    SetViewing,
    StaffChannel,
    StaffColleague,
    StaffCommand,
    StaffConversation,
    StaffConversationChanged,
    StaffEvent,
    StaffHeartbeat,
    StaffHello,
    StaffMessage,
    StaffMessagePosted,
    StaffMessagesSeen,
    StaffOperator,
    StaffPostMessage,
    StaffTimelinePage,
    StaffTypingChanged,
    StaffVisitor,
    StaffWelcome,
    TakeConversation,
    UnwatchConversation,
    UseCanned,
    ViewingChanged,
    VisitorMoved,
    VisitorPresence,
    VisitorTold,
    WatchConversation,
)
from livechat.wire.values import (
    HEARTBEAT_SECONDS,
    MAX_FILES,
    MAX_FRAME_BYTES,
    MAX_TEXT_CHARACTERS,
    PAGE_SIZE,
    VERSION,
    AttributeName,
    AttributeValue,
    Author,
    Close,
    Command,
    File,
    FileIds,
    FileRules,
    Limit,
    Line,
    Page,
    Seq,
    Short,
    Text,
    Title,
    Token,
    Url,
)
from livechat.wire.visitor import (
    OpenConversation,
    PostMessage,
    PublicChannel,
    PublicConversation,
    PublicConversationChanged,
    PublicMessage,
    PublicMessagePosted,
    PublicMessagesSeen,
    PublicOperator,
    PublicTimelinePage,
    PublicTypingChanged,
    SetAttributes,
    ViewPage,
    VisitorCommand,
    VisitorEvent,
    VisitorHeartbeat,
    VisitorHello,
    VisitorWelcome,
)
