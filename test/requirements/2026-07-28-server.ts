import { clausesOf, must, mustNot, should, shouldNot } from './requirement.ts';

/** Left out: 3 clauses for clients. */
export const discover2026 = clausesOf('2026-07-28/discover', '2026-07-28/server/discover', {
  implemented: must('Discovery', 'server/discover is answered.'),
  'server-info': should('DiscoverResult', 'The answer names the server and its version.'),
});

/** Left out: 13 clauses for clients and caches. */
export const caching2026 = clausesOf('2026-07-28/caching', '2026-07-28/server/utilities/caching', {
  hints: must('Cacheable Results', 'Complete results that can be cached say for how long and for whom.'),
  'ttl-not-negative': must('Time-to-Live', 'The time is not negative.'),
  'pages-same-scope': must('Pagination', 'All pages of a list have one scope.'),
  'pages-private': must('Pagination', 'After a private page, all are private.'),
  'public-shared': must(
    'Security Considerations',
    'What is public may reach any caller, so it is the same for all.',
  ),
  'access-controlled': must('Security Considerations', 'Access is controlled for each thing by itself.'),
  'scope-no-control': mustNot('Security Considerations', 'The scope of a cache does not take its place.'),
});

/** Left out: 2 clauses for clients. */
export const completion2026 = clausesOf('2026-07-28/completion', '2026-07-28/server/utilities/completion', {
  capability: must('Capabilities', 'A server that completes declares completions.'),
  'error-codes': should('Error Handling', 'Failures have the codes of JSON-RPC.'),
  sorted: should('Implementation Considerations', 'The best suggestions come first.'),
  fuzzy: should('Implementation Considerations', 'Matching is fuzzy where that helps.', {
    untestable:
      'The clause leaves open where it applies; paths and names are completed by what they begin with, as shells do.',
  }),
  'requests-limited': should('Implementation Considerations', 'Requests for completion are limited.'),
  'inputs-checked': should('Implementation Considerations', 'Inputs are checked.'),
  'inputs-validated': must('Security', 'All inputs are validated.'),
  'rate-limited': must('Security', 'A rate limit applies.'),
  'access-controlled': must('Security', 'Sensitive suggestions are for those who may see them.'),
  'no-disclosure': must('Security', 'Completion tells nothing that reading would not.'),
});

const WRITTEN_BY_TOOLS = {
  untestable:
    'Log messages to clients are written by the tools; the reviewer of a tool sees to it, as for its results.',
};

export const logging2026 = clausesOf('2026-07-28/logging', '2026-07-28/server/utilities/logging', {
  'not-adopted': shouldNot('Logging', 'A new server does not adopt what is deprecated.', {
    deviates:
      'Clients of the older revisions expect it, and a tool should not have to know whom it talks to; it is sent on request only.',
  }),
  migrated: should('Logging', 'Servers move on to stderr and to OpenTelemetry.', {
    deviates:
      'The log of the server is its own and complete; messages to clients are a copy of few lines on request.',
  }),
  capability: must('Capabilities', 'A server that sends log messages declares logging.'),
  'requested-only': mustNot('Per-request log level', 'Without the field, no messages are sent.'),
  'own-stream-only': mustNot('Per-request log level', 'They come over the stream of their request alone.'),
  'invalid-level': should('Error Handling', 'An unknown level is answered -32602.'),
  'rate-limited': should('Implementation Considerations', 'A flood of log messages is held back.'),
  context: should('Implementation Considerations', 'The data says what a message is about.'),
  'logger-name': should('Implementation Considerations', 'The name of the logger is the same throughout.'),
  'sensitive-removed': should('Implementation Considerations', 'Sensitive information is taken out.'),
  'no-secrets': mustNot('Security', 'Log messages hold no credentials or secrets.'),
  'no-personal-data': mustNot(
    'Security',
    'Log messages hold nothing that identifies a person.',
    WRITTEN_BY_TOOLS,
  ),
  'no-internals': mustNot('Security', 'Log messages hold nothing of the inside that helps an attack.'),
  'messages-limited': should('Security', 'The rate of messages is limited.'),
  'data-validated': should('Security', 'The fields of the data are validated.'),
  'access-controlled': should('Security', 'Only the caller sees the messages of a call.'),
  monitored: should('Security', 'Sensitive content is watched for.', WRITTEN_BY_TOOLS),
});

/** Left out: 5 clauses for clients. */
export const pagination2026 = clausesOf('2026-07-28/pagination', '2026-07-28/server/utilities/pagination', {
  'stable-cursors': should('Implementation Guidelines', 'A cursor means the same whenever it is used.'),
  'invalid-graceful': should('Implementation Guidelines', 'A cursor that is not valid does no harm.'),
  'invalid-code': should('Error Handling', 'It is answered -32602.'),
});
