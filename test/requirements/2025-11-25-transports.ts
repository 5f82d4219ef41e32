import { clausesOf, must, mustNot, should, shouldNot } from './requirement.ts';

const NO_CUSTOM_TRANSPORT = { notOffered: 'There are no transports but those of the specification.' };

/** Left out: 19 clauses for clients. */
export const transports2025 = clausesOf('2025-11-25/transports', '2025-11-25/basic/transports', {
  'utf-8': must('Transports', 'Messages are encoded in UTF-8.'),
  'stdio-newlines': mustNot('stdio', 'A message on stdout holds no newline; newlines end messages.'),
  'stdio-stdout': mustNot('stdio', 'Nothing but messages is written to stdout.'),
  endpoint: must('Streamable HTTP', 'One address takes POST and GET.'),
  'origin-validated': must('Security Warning', 'The origin of every connection is checked.'),
  'origin-403': must('Security Warning', 'An origin that is not allowed is answered with 403.'),
  'localhost-only': should('Security Warning', 'A server on a workstation listens on localhost alone.'),
  authentication: should('Security Warning', 'Every connection is authenticated.'),
  'accepted-202': must('Sending Messages', 'An accepted notification or response is answered 202, empty.'),
  'refused-status': must('Sending Messages', 'One that is not accepted is answered with an error status.'),
  'request-content-type': must('Sending Messages', 'A request is answered as JSON or as an event stream.'),
  'priming-event': should('Sending Messages', 'A stream starts with an event of an id and empty data.'),
  'retry-before-close': should(
    'Sending Messages',
    'Before the server closes a connection whose stream goes on, it says when to come back.',
  ),
  'stream-has-response': should('Sending Messages', 'The stream of a request ends up holding its response.'),
  'stream-messages-relate': should('Sending Messages', 'What precedes the response belongs to its request.'),
  'stream-ends': should('Sending Messages', 'The stream ends after the response.'),
  'disconnect-no-cancel': shouldNot('Sending Messages', 'A lost connection does not cancel the request.'),
  'get-stream': must('Listening for Messages', 'GET is answered with an event stream, or with 405.'),
  'get-messages-unrelated': should(
    'Listening for Messages',
    'What comes over the GET stream belongs to no running request.',
  ),
  'get-no-response': mustNot(
    'Listening for Messages',
    'No response comes over a GET stream but a resumed one.',
  ),
  'get-retry': should(
    'Listening for Messages',
    'Before the server closes a GET connection whose stream goes on, it says when to come back.',
  ),
  'one-stream': must('Multiple Connections', 'Each message is sent on one stream only.'),
  'no-broadcast': mustNot('Multiple Connections', 'No message is repeated on several streams.'),
  'event-id-unique': must('Resumability', 'No two events of a session have one id.'),
  'event-id-stream': should(
    'Resumability',
    'From its id alone it is known which stream an event belongs to.',
  ),
  'replay-own-stream': mustNot('Resumability', 'A resumed stream brings nothing of another stream.'),
  'session-id-secure': should('Session Management', 'Session ids are unique and cannot be guessed.'),
  'session-id-ascii': must('Session Management', 'A session id consists of visible ASCII.'),
  'session-missing-400': should('Session Management', 'A request without its session id is answered 400.'),
  'session-ended-404': must('Session Management', 'A session that has ended is answered 404.'),
  'version-assumed': should(
    'Protocol Version Header',
    'Without the header and any other sign, 2025-03-26 is assumed.',
  ),
  'version-400': must('Protocol Version Header', 'A revision that is not supported is answered 400.'),
  'custom-format': must(
    'Custom Transports',
    'Custom transports keep message format and lifecycle.',
    NO_CUSTOM_TRANSPORT,
  ),
  'custom-documented': should('Custom Transports', 'Custom transports are documented.', NO_CUSTOM_TRANSPORT),
});
