import { clausesOf, must, mustNot, should } from './requirement.ts';

const WHERE_APPROPRIATE = {
  untestable:
    'The clause leaves open where it applies; paths and names are completed by what they begin with, as shells do.',
};

/** Left out: one list for clients. */
export const completion2025 = clausesOf('2025-11-25/completion', '2025-11-25/server/utilities/completion', {
  capability: must('Capabilities', 'A server that completes declares completions.'),
  'error-codes': should('Error Handling', 'Failures have the codes of JSON-RPC.'),
  sorted: should('Implementation Considerations', 'The best suggestions come first.'),
  fuzzy: should('Implementation Considerations', 'Matching is fuzzy where that helps.', WHERE_APPROPRIATE),
  'requests-limited': should('Implementation Considerations', 'Requests for completion are limited.'),
  'inputs-checked': should('Implementation Considerations', 'Inputs are checked.'),
  'inputs-validated': must('Security', 'All inputs are validated.'),
  'rate-limited': must('Security', 'A rate limit applies.'),
  'access-controlled': must('Security', 'Sensitive suggestions are for those who may see them.'),
  'no-disclosure': must('Security', 'Completion tells nothing that reading would not.'),
});

const NO_PERSONAL_DATA = {
  untestable:
    'Log messages to clients are written by the tools; the reviewer of a tool sees to it, as for its results.',
};

export const logging2025 = clausesOf('2025-11-25/logging', '2025-11-25/server/utilities/logging', {
  capability: must('Capabilities', 'A server that sends log messages declares logging.'),
  'invalid-level': should('Error Handling', 'An unknown level is answered -32602.'),
  'configuration-error': should('Error Handling', 'An error of the configuration is answered -32603.', {
    untestable: 'A configuration with errors keeps the server from starting, so no request meets one.',
  }),
  'rate-limited': should('Implementation Considerations', 'A flood of log messages is held back.'),
  context: should('Implementation Considerations', 'The data says what a message is about.'),
  'logger-name': should('Implementation Considerations', 'The name of the logger is the same throughout.'),
  'sensitive-removed': should('Implementation Considerations', 'Sensitive information is taken out.'),
  'no-secrets': mustNot('Security', 'Log messages hold no credentials or secrets.'),
  'no-personal-data': mustNot(
    'Security',
    'Log messages hold nothing that identifies a person.',
    NO_PERSONAL_DATA,
  ),
  'no-internals': mustNot('Security', 'Log messages hold nothing of the inside that helps an attack.'),
  'messages-limited': should('Security', 'The rate of messages is limited.'),
  'data-validated': should('Security', 'The fields of the data are validated.'),
  'access-controlled': should('Security', 'Only the caller sees the messages of a call.'),
  monitored: should('Security', 'Sensitive content is watched for.', NO_PERSONAL_DATA),
});

/** Left out: 3 clauses for clients. */
export const pagination2025 = clausesOf('2025-11-25/pagination', '2025-11-25/server/utilities/pagination', {
  'stable-cursors': should('Implementation Guidelines', 'A cursor means the same whenever it is used.'),
  'invalid-graceful': should('Implementation Guidelines', 'A cursor that is not valid does no harm.'),
  'invalid-code': should('Error Handling', 'It is answered -32602.'),
});
