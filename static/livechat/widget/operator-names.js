/** Gives operators without a name a translated one. Pure. */

/** @import { PublicChannel, PublicConversation, PublicMessage, PublicOperator, VisitorEvent } from "../shared/wire.d.ts" */

/**
 * Return an event in which every operator has a name: `word` for one without.
 * @param {VisitorEvent} event
 * @param {string} word
 * @returns {VisitorEvent}
 */
export function named(event, word) {
  switch (event.type) {
    case "welcome":
      return {
        ...event,
        channel: namedChannel(event.channel, word),
        conversation: event.conversation && namedConversation(event.conversation, word),
        messages: event.messages.map((message) => namedMessage(message, word)),
      };
    case "conversation.changed":
      return { ...event, conversation: namedConversation(event.conversation, word) };
    case "message.posted":
      return { ...event, message: namedMessage(event.message, word) };
    case "timeline.page":
      return { ...event, messages: event.messages.map((message) => namedMessage(message, word)) };
    case "typing.changed":
      return { ...event, name: event.name || word };
    default:
      return event;
  }
}

/** @param {PublicChannel} channel @param {string} word @returns {PublicChannel} */
export function namedChannel(channel, word) {
  return { ...channel, team: namedPeople(channel.team, word) };
}

/** @param {PublicConversation} conversation @param {string} word @returns {PublicConversation} */
function namedConversation(conversation, word) {
  return { ...conversation, operators: namedPeople(conversation.operators, word) };
}

/** @param {PublicOperator[]} people @param {string} word */
function namedPeople(people, word) {
  return people.map((person) => ({ ...person, name: person.name || word }));
}

/** @param {PublicMessage} message @param {string} word @returns {PublicMessage} */
function namedMessage(message, word) {
  if (message.line) return { ...message, line: { ...message.line, name: message.line.name || word } };
  return message.author === "operator" ? { ...message, author_name: message.author_name || word } : message;
}
