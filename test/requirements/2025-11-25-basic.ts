import { clausesOf, must, mustNot, should, shouldNot } from './requirement.ts';

const OWN_SCHEMAS_ONLY = {
  untestable: 'No schema reaches the server from a client: those that it validates with are its own.',
};

/** Left out: 4 clauses for those who show icons. */
export const basic2025 = clausesOf('2025-11-25/basic', '2025-11-25/basic/index', {
  'base-and-lifecycle': must('Overview', 'The base protocol and the lifecycle are supported.'),
  'json-rpc': must('Messages', 'Every message follows JSON-RPC 2.0; what does not is refused.'),
  'request-id': must('Requests', "The server's own requests carry an id, a string or an integer."),
  'request-id-not-null': mustNot('Requests', 'No request has the id null; one that has it is refused.'),
  'request-id-unique': mustNot('Requests', 'The server uses no request id twice in a session.'),
  'result-same-id': must('Result Responses', 'A result carries the id of its request.'),
  'result-field': must('Result Responses', 'A successful response has the field result.'),
  'error-same-id': must('Error Responses', 'An error carries the id of its request, where it could be read.'),
  'error-fields': must('Error Responses', 'An error has a code and a message.'),
  'error-code-integer': must('Error Responses', 'The code of an error is an integer.'),
  'notification-unanswered': mustNot('Notifications', 'A notification gets no response.'),
  'notification-without-id': mustNot('Notifications', "The server's notifications carry no id."),
  'http-authorization': should('Auth', 'Over HTTP, the authorization framework is followed.'),
  'stdio-no-authorization': shouldNot('Auth', 'Over stdio, the authorization framework is not used.'),
  'schema-2020-12': must('Schema Dialect', 'JSON Schema 2020-12 is what a schema without dialect means.'),
  'schema-documented': should(
    'Implementation Requirements',
    'The dialects that are supported are documented.',
  ),
  'schema-recommended': should('Schema Dialect', 'Schemas are written in 2020-12.'),
  'schema-validated': must(
    'Implementation Requirements',
    'Schemas are validated by their dialect.',
    OWN_SCHEMAS_ONLY,
  ),
  'schema-unsupported': must(
    'Implementation Requirements',
    'A dialect that is not supported is answered as such.',
    OWN_SCHEMAS_ONLY,
  ),
  'schema-valid': must('Schema Validation', 'Every schema that is sent is valid in its dialect.'),
  'meta-reserved': mustNot('_meta', 'Nothing is made of values under reserved keys beyond their definition.'),
  'meta-key-prefix': must('_meta', 'A prefix of a key is labels between dots, ended by a slash.'),
  'meta-key-label': must('_meta', 'A label starts with a letter and ends with a letter or a digit.'),
  'meta-key-reverse-dns': should('_meta', 'A prefix is a domain name in reverse.'),
  'meta-key-name': must('_meta', 'A name starts and ends with a letter or a digit.'),
});

/** Left out: 8 clauses for clients, one for SDKs. */
export const lifecycle2025 = clausesOf('2025-11-25/lifecycle', '2025-11-25/basic/lifecycle', {
  'initialize-first': must('Initialization', 'Nothing is served before the initialization.'),
  'server-info': must('Initialization', 'The server answers with its capabilities and its identity.'),
  'no-requests-before-initialized': shouldNot(
    'Initialization',
    'The server asks nothing but ping before the client is ready.',
  ),
  'same-version': must('Version Negotiation', 'A supported revision that is asked for is the one agreed on.'),
  'other-version': must('Version Negotiation', 'Otherwise the server names a revision that it supports.'),
  'latest-version': should('Version Negotiation', 'That revision is the latest of those it supports.'),
  'respect-version': must('Operation', 'The agreed revision governs the session.'),
  'negotiated-capabilities': must('Operation', 'Only capabilities that were agreed on are used.'),
  'request-timeout': should('Timeouts', "The server's requests do not wait for ever."),
  'timeout-cancels': should('Timeouts', 'A request whose time is over is cancelled by a notification.'),
  'maximum-timeout': should('Timeouts', 'Progress does not extend a call beyond all bounds.'),
  'error-cases': should(
    'Error Handling',
    'Unknown revisions, missing capabilities and time-outs are handled.',
  ),
});

const REASONS = {
  deviates:
    'A reason is free text of the client and may hold what must not be logged; the log tells that a call was cancelled.',
};

/** Left out: 2 clauses for clients and applications. */
export const cancellation2025 = clausesOf(
  '2025-11-25/cancellation',
  '2025-11-25/basic/utilities/cancellation',
  {
    'own-requests-only': must(
      'Behavior Requirements',
      'The server cancels only requests of its own that are open.',
    ),
    'tasks-cancel': must('Behavior Requirements', 'A task is cancelled by tasks/cancel.', {
      notOffered: 'Tasks of this revision are experimental and not offered; see the page of tasks.',
    }),
    'stops-work': should('Behavior Requirements', 'The work of a cancelled request stops.'),
    'frees-resources': should('Behavior Requirements', 'What the request held is freed.'),
    'no-response': should('Behavior Requirements', 'A cancelled request gets no response.'),
    'late-response-ignored': should(
      'Behavior Requirements',
      'An answer to a request that the server has cancelled changes nothing.',
    ),
    race: must('Timing Considerations', 'A cancellation that comes after the end does no harm.'),
    'reason-logged': should('Implementation Notes', 'Reasons for cancellations are logged.', REASONS),
    'invalid-ignored': should(
      'Error Handling',
      'Unknown ids, ended requests and malformed cancellations are ignored.',
    ),
  },
);

const NO_PINGS = {
  notOffered: 'The server sends no pings: comments on its streams find broken connections.',
};

export const ping2025 = clausesOf('2025-11-25/ping', '2025-11-25/basic/utilities/ping', {
  answered: must('Behavior Requirements', 'A ping is answered at once, with an empty result.'),
  periodic: should('Implementation Considerations', 'Pings are sent from time to time.', {
    deviates:
      'A session holds no connection that could be pinged; open streams carry comments, which proxies and broken connections answer to in the same way at a fraction of the cost.',
  }),
  'frequency-configurable': should('Implementation Considerations', 'How often is a setting.', NO_PINGS),
  'timeout-appropriate': should(
    'Implementation Considerations',
    'The time-out of a ping fits the network.',
    NO_PINGS,
  ),
  'not-excessive': should('Implementation Considerations', 'Pings are not sent in excess.', NO_PINGS),
  'timeout-is-failure': should('Error Handling', 'An unanswered ping is a broken connection.', NO_PINGS),
  'failure-logged': should('Error Handling', 'Unanswered pings are logged.', NO_PINGS),
});

const NO_TASKS = {
  notOffered: 'Tasks of this revision are experimental and not offered; see the page of tasks.',
};
const ASKS_FOR_NO_PROGRESS = {
  notOffered: "The server's requests ask for no progress, so it hands out no tokens.",
};

export const progress2025 = clausesOf('2025-11-25/progress', '2025-11-25/basic/utilities/progress', {
  'token-type': must('Progress Flow', 'A token is a string or an integer.', ASKS_FOR_NO_PROGRESS),
  'token-unique': must('Progress Flow', 'No two open requests have one token.', ASKS_FOR_NO_PROGRESS),
  increases: must('Progress Flow', 'Progress grows with each notification.'),
  message: should('Progress Flow', 'The message tells a person how far the work is.'),
  'active-tokens-only': must(
    'Behavior Requirements',
    'Progress names only tokens of requests that are being worked on.',
  ),
  'task-token': must('Behavior Requirements', "A task's token stays valid until it ends.", NO_TASKS),
  'task-same-token': must('Behavior Requirements', 'A task keeps to the token of its request.', NO_TASKS),
  'task-stops': must('Behavior Requirements', "A task's progress ends with it.", NO_TASKS),
  'tokens-tracked': should('Implementation Notes', 'It is known which tokens are in use.'),
  'rate-limited': should('Implementation Notes', 'A flood of progress is held back.'),
  'stops-after-completion': must('Implementation Notes', 'No progress follows the response.'),
});
