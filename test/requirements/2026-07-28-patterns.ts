import { clausesOf, must, mustNot, should } from './requirement.ts';

export const patterns2026 = clausesOf('2026-07-28/patterns', '2026-07-28/basic/patterns/index', {
  'no-requests': mustNot('Overview', 'The server starts no requests.'),
});

const REASONS = {
  deviates:
    'A reason is free text of the client and may hold what must not be logged; the log tells that a call was cancelled.',
};

/** Left out: 9 clauses for clients and whoever sends requests. */
export const cancellation2026 = clausesOf(
  '2026-07-28/cancellation',
  '2026-07-28/basic/patterns/cancellation',
  {
    'listen-cancelled': must('Cancellation', 'The server cancels a subscription that it takes down.', {
      deviates:
        'The page on subscriptions, changed since, has a response end it; clients take a cancellation ahead of that for a failure.',
    }),
    'listen-only': mustNot('Cancellation', 'It cancels nothing else.'),
    'disconnect-cancels': must('Transport-Specific', 'A client that is gone has cancelled its request.'),
    'own-listen': must('Behavior Requirements', 'What the server cancels is the request of a subscription.'),
    'stops-work': should('Behavior Requirements', 'The work of a cancelled request stops.'),
    'frees-resources': should('Behavior Requirements', 'What the request held is freed.'),
    'no-response': should('Behavior Requirements', 'A cancelled request gets no response.'),
    race: must('Timing Considerations', 'A cancellation that comes after the end does no harm.'),
    'reason-logged': should('Implementation Notes', 'Reasons for cancellations are logged.', REASONS),
    'invalid-ignored': should(
      'Error Handling',
      'Unknown ids, ended requests and malformed cancellations are ignored.',
    ),
  },
);

/** Left out: 8 clauses for clients. */
export const mrtr2026 = clausesOf('2026-07-28/mrtr', '2026-07-28/basic/patterns/mrtr', {
  'by-rounds': must('Overview', 'What the client is asked for comes as a result that requires input.'),
  'supported-methods-only': mustNot(
    'Supported Requests',
    'Only tools/call, resources/read and prompts/get are answered so.',
  ),
  'keys-unique': must('Server Requirements', 'Keys are unique within the request.'),
  'request-kinds': must('Server Requirements', 'Only elicitation, sampling and roots are asked for.'),
  'state-untrusted': must('Server Requirements', 'State that comes back is taken as an attack.'),
  'state-integrity': must('Server Requirements', 'State is protected against changes.'),
  'state-verified': must('Server Requirements', 'State that fails the check is refused.'),
  'state-principal': should('Server Requirements', 'State of another principal is refused.'),
  'state-expiry': should('Server Requirements', 'State that is too old is refused.'),
  'state-request': should('Server Requirements', 'State of another request is refused.'),
  'state-single-use': must('Server Requirements', 'State that may count once is used up by the server.'),
  'inputs-or-state': must('Server Requirements', 'A result that requires input has questions or state.'),
  'declared-kinds-only': mustNot('Server Requirements', 'Nothing is asked for that the client cannot do.'),
  'nothing-assumed': mustNot('Server Requirements', 'Nothing waits for a client that does not come back.'),
  'responses-validated': should('Error Handling', 'The form of the answers is checked.'),
  'protocol-errors': should('Error Handling', 'What is malformed is answered with a JSON-RPC error.'),
  'unexpected-ignored': should('Error Handling', 'Answers that nobody asked for are ignored.'),
  'missing-asked-again': should('Error Handling', 'What is still missing is asked for again.'),
  'state-validated': must('Security Considerations', 'State is checked before it is used.'),
});

/** Left out: 2 clauses for clients. */
export const progress2026 = clausesOf('2026-07-28/progress', '2026-07-28/basic/patterns/progress', {
  increases: must('Progress Flow', 'Progress grows with each notification.'),
  message: should('Progress Flow', 'The message tells a person how far the work is.'),
  'active-tokens-only': must(
    'Behavior Requirements',
    'Progress names only tokens of requests that are being worked on.',
  ),
  'tokens-tracked': should('Implementation Notes', 'It is known which tokens are in use.'),
  'rate-limited': should('Implementation Notes', 'A flood of progress is held back.'),
  'stops-after-completion': must('Implementation Notes', 'No progress follows the response.'),
});

/** Left out: 3 clauses for clients. */
export const subscriptions2026 = clausesOf(
  '2026-07-28/subscriptions',
  '2026-07-28/basic/patterns/subscriptions',
  {
    'requested-only': mustNot('Opening a Stream', 'Nothing comes that was not asked for.'),
    acknowledged: must('Acknowledgment', 'The first message acknowledges, with the id of the subscription.'),
    'nothing-before': mustNot('Acknowledgment', 'Nothing comes before it.'),
    'graceful-end': should('Cancellation', 'A subscription that the server ends gets its response.'),
    'completion-result': should('Graceful Closure', 'That response comes before the stream is closed.'),
  },
);
