import { clausesOf, must, mustNot, should, shouldNot } from './requirement.ts';

/**
 * Tasks of this revision are experimental and were taken out of the protocol by the next one, which has them
 * as an extension of another shape. What binds a server that does not declare them is kept and tested.
 */
const NOT_OFFERED = {
  notOffered:
    'Tasks of 2025-11-25 are an experiment that the next revision replaced by an extension; the capability is not declared.',
};

export const tasks2025 = clausesOf('2025-11-25/tasks', '2025-11-25/basic/utilities/tasks', {
  'capability-declared': must('Capabilities', 'A server that takes tasks says so.', NOT_OFFERED),
  'undeclared-ignored': must(
    'Task Support and Handling',
    'A server without tasks handles a request that asks for one like any other.',
  ),
  'peer-undeclared': shouldNot('Capability Negotiation', 'No task is asked of a client without tasks.'),
  'forbidden-refused': should(
    'Tool-Level Negotiation',
    'A task of a tool without tasks is -32601.',
    NOT_OFFERED,
  ),
  'required-refused': must(
    'Tool-Level Negotiation',
    'A plain call where a task is due is -32601.',
    NOT_OFFERED,
  ),
  'transport-kept': must('Messages', 'Streams of tasks keep to the transport.', NOT_OFFERED),
  'id-string': must('Task ID', 'An id is a string.', NOT_OFFERED),
  'id-by-receiver': must('Task ID', 'The receiver gives the id.', NOT_OFFERED),
  'id-unique': must('Task ID', 'Ids are unique.', NOT_OFFERED),
  'starts-working': must('Status Lifecycle', 'A task starts as working.', NOT_OFFERED),
  transitions: must('Status Lifecycle', 'Only the listed changes of status happen.', NOT_OFFERED),
  'terminal-final': mustNot('Status Lifecycle', 'A task that has ended stays as it is.', NOT_OFFERED),
  'get-no-stream': shouldNot('Input Required', 'tasks/get is not answered by a stream.', NOT_OFFERED),
  'input-required': should('Input Required', 'A question sets the task to input_required.', NOT_OFFERED),
  'question-related': must('Input Required', 'A question names its task.', NOT_OFFERED),
  'input-received': should('Input Required', 'With the answer, the task goes on.', NOT_OFFERED),
  'created-at': must('TTL', 'Answers tell when the task was made.', NOT_OFFERED),
  'updated-at': must('TTL', 'Answers tell when it last changed.', NOT_OFFERED),
  'actual-ttl': must('TTL', 'Answers tell how long it is kept.', NOT_OFFERED),
  'create-result': must('Result Retrieval', 'The request is answered with the task.', NOT_OFFERED),
  'create-soon': should('Result Retrieval', 'That answer comes soon.', NOT_OFFERED),
  'result-final': must('Result Retrieval', 'tasks/result answers what came out.', NOT_OFFERED),
  'result-blocks': must('Result Retrieval', 'Before the end, tasks/result waits.', NOT_OFFERED),
  'result-exact': must('Result Retrieval', 'It is what the plain request had answered.', NOT_OFFERED),
  'messages-related': must('Related Messages', 'Messages of a task name it.', NOT_OFFERED),
  'elicitation-related': must('Related Messages', 'So do its questions.', NOT_OFFERED),
  'parameter-rules': must('Related Messages', 'The parameter names the task, not the metadata.', NOT_OFFERED),
  'metadata-ignored': must('Related Messages', 'Metadata beside the parameter is ignored.', NOT_OFFERED),
  'metadata-omitted': shouldNot('Related Messages', 'Answers do not repeat the metadata.', NOT_OFFERED),
  'status-plain': shouldNot('Notifications', 'Status notifications carry no such metadata.', NOT_OFFERED),
  'list-pages': should('Listing', 'The list comes in pages.', NOT_OFFERED),
  'list-cursor': must('Listing', 'A page that is not the last has a cursor.', NOT_OFFERED),
  'list-complete': must('Listing', 'What can be got is listed.', NOT_OFFERED),
  'cancel-ended': must('Cancellation', 'Cancelling what has ended is -32602.', NOT_OFFERED),
  'cancel-stops': should('Cancellation', 'Cancelling stops the work.', NOT_OFFERED),
  'cancel-status': must('Cancellation', 'The task is cancelled before the answer.', NOT_OFFERED),
  'cancel-stays': must('Cancellation', 'A cancelled task stays cancelled.', NOT_OFFERED),
  'meta-required': must('Related Metadata', 'Messages of a task carry its id in _meta.', NOT_OFFERED),
  'meta-not-repeated': shouldNot('Related Metadata', 'Operations that name it do not.', NOT_OFFERED),
  'meta-on-result': must('Related Metadata', 'The answer of tasks/result does.', NOT_OFFERED),
  errors: must('Protocol Errors', 'Failures have the codes of JSON-RPC.', NOT_OFFERED),
  'errors-tell': should('Protocol Errors', 'Messages of errors say why.', NOT_OFFERED),
  'failed-message': should('Execution Errors', 'A failed task has a status message.', NOT_OFFERED),
  'failed-same-error': must('Execution Errors', 'tasks/result repeats the error.', NOT_OFFERED),
  'ended-same-result': must('Execution Errors', 'tasks/result repeats the result.', NOT_OFFERED),
  'bound-to-caller': must('Isolation', 'A task belongs to its caller.', NOT_OFFERED),
  'unbound-documented': should('Isolation', 'Where that cannot be, it is documented.', NOT_OFFERED),
  'unbound-ids': must('Isolation', 'Where that cannot be, ids cannot be guessed.', NOT_OFFERED),
  'unbound-no-list': shouldNot('Isolation', 'Where that cannot be, there is no list.', NOT_OFFERED),
  'foreign-refused': must('Isolation', "Another caller's task is refused.", NOT_OFFERED),
  'list-own': must('Isolation', 'The list holds the own tasks only.', NOT_OFFERED),
  'rate-limited': should('Isolation', 'Operations are limited in rate.', NOT_OFFERED),
  'resources-bounded': should('Resource Management', 'Tasks are bounded and cleaned up.', NOT_OFFERED),
  audited: should('Audit', 'What happens to tasks is logged.', NOT_OFFERED),
});
