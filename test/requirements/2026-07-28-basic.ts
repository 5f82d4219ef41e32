import { clausesOf, must, mustNot, should, shouldNot } from './requirement.ts';

const OWN_SCHEMAS_ONLY = {
  untestable: 'No schema reaches the server from a client: those that it validates with are its own.',
};

/** Left out: 15 clauses for clients. */
export const basic2026 = clausesOf('2026-07-28/basic', '2026-07-28/basic/index', {
  'base-and-patterns': must('Overview', 'Base protocol, versioning and message patterns are supported.'),
  'json-rpc': must('Messages', 'Every message follows JSON-RPC 2.0; what does not is refused.'),
  'result-same-id': must('Result Responses', 'A result carries the id of its request.'),
  'result-field': must('Result Responses', 'A successful response has the field result.'),
  'result-type': must('Result Responses', 'A result tells its type.'),
  'result-type-set': must('ResultType', 'The type is one of the core or of a declared extension.'),
  'error-same-id': must('Error Responses', 'An error carries the id of its request, where it could be read.'),
  'error-fields': must('Error Responses', 'An error has a code and a message.'),
  'error-code-integer': must('Error Responses', 'The code of an error is an integer.'),
  'legacy-codes-not-allocated': mustNot(
    'Error Codes',
    'No new meaning is given to a code of -32000 to -32019.',
  ),
  'legacy-codes-unused': shouldNot('Error Codes', 'Codes from -32000 to -32019 are not used.'),
  'reserved-codes': mustNot('Error Codes', 'Of -32020 to -32099, only codes of the specification are sent.'),
  'reserved-codes-meaning': must('Error Codes', 'Those codes are sent in their meaning.'),
  'retired-codes': mustNot('Error Codes', 'Codes of earlier revisions are not sent.'),
  'own-codes-outside': should('Error Codes', 'Codes of its own lie outside the range of JSON-RPC.'),
  'notification-unanswered': mustNot('Notifications', 'A notification gets no response.'),
  'notification-without-id': mustNot('Notifications', "The server's notifications carry no id."),
  stateless: mustNot('Statelessness', 'Nothing is taken from earlier requests of a connection.'),
  'many-conversations': should('Statelessness', 'Requests of several conversations may be mixed.'),
  'any-connection': shouldNot('Statelessness', 'Related requests may come over any connection.'),
  'explicit-identifier': must('Statelessness', 'State that lasts is named by the client in each request.'),
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
  'no-remote-refs': mustNot('$ref Resolution', 'No reference of a schema is fetched from the network.'),
  'remote-refs-off': must('$ref Resolution', 'Fetching is off unless it is switched on.', {
    notOffered: 'There is no such mode.',
  }),
  'remote-refs-bounded': should('$ref Resolution', 'Fetching has an allow-list and bounds.', {
    notOffered: 'There is no such mode.',
  }),
  'unresolved-refs-rejected': should(
    '$ref Resolution',
    'A schema with a reference that leads nowhere is refused.',
    OWN_SCHEMAS_ONLY,
  ),
  'schema-bounds': should('Composition Keywords', 'The cost of validating is bounded.', OWN_SCHEMAS_ONLY),
  'meta-reserved': mustNot('_meta', 'Nothing is made of values under reserved keys beyond their definition.'),
  'meta-key-prefix': must('_meta', 'A prefix of a key is labels between dots, ended by a slash.'),
  'meta-key-label': must('_meta', 'A label starts with a letter and ends with a letter or a digit.'),
  'meta-key-reverse-dns': should('_meta', 'A prefix is a domain name in reverse.'),
  'meta-key-name': must('_meta', 'A name starts and ends with a letter or a digit.'),
  'required-meta': must('_meta', 'A request without a required field is refused with -32602.'),
  'required-meta-400': must('_meta', 'The status of that refusal is 400.'),
  'undeclared-capabilities': mustNot('_meta', 'No capability is used that the request does not declare.'),
  'missing-capability': must('_meta', 'A request that needs one is refused with -32021, which lists it.'),
  'missing-capability-400': must('_meta', 'The status of that refusal is 400.'),
  'server-info': should('_meta', 'Every result names the server.'),
  'client-info-no-behaviour': shouldNot('_meta', "The client's name changes nothing."),
  'client-info-no-security': shouldNot('_meta', "Nothing is permitted or refused for the client's name."),
  'subscription-id': must('_meta', 'Notifications of a subscription carry its id.'),
});

/** Left out: 3 clauses for clients. */
export const versioning2026 = clausesOf('2026-07-28/versioning', '2026-07-28/basic/versioning', {
  'unsupported-version': must(
    'Protocol Version Negotiation',
    'A revision that is not served is refused with the list of those that are.',
  ),
  discover: must('Protocol Version Negotiation', 'server/discover is answered.'),
  'extension-identifiers': must('Extension Negotiation', 'Identifiers of extensions have a prefix.'),
  'extension-fallback': must(
    'Extension Negotiation',
    'Without the extension on the other side, the core behaviour or an error takes its place.',
  ),
  'extension-documented': should('Extension Negotiation', 'Extensions document what takes their place.', {
    notOffered:
      'Fairlead defines no extension of its own; those that it offers are documented by their authors.',
  }),
  'modern-only-names-versions': should(
    'Backward Compatibility',
    'A server of new revisions alone says so to old clients.',
    { notOffered: 'The older revisions are served, so initialize is answered with a result.' },
  ),
});

const NO_CUSTOM_TRANSPORT = { notOffered: 'There are no transports but those of the specification.' };

export const transports2026 = clausesOf('2026-07-28/transports', '2026-07-28/basic/transports/index', {
  'utf-8': must('Messages', 'Messages are encoded in UTF-8.'),
  delivery: must('Messages', 'Requests and notifications arrive, responses and notifications come back.'),
  'custom-format': must(
    'Custom Transports',
    'Custom transports keep format and patterns.',
    NO_CUSTOM_TRANSPORT,
  ),
  'custom-documented': should('Custom Transports', 'Custom transports are documented.', NO_CUSTOM_TRANSPORT),
  'custom-framing': should(
    'Custom Transports',
    'Byte streams use the framing of stdio.',
    NO_CUSTOM_TRANSPORT,
  ),
});

/** Left out: 10 clauses for clients. */
export const stdio2026 = clausesOf('2026-07-28/stdio', '2026-07-28/basic/transports/stdio', {
  newlines: mustNot('stdio', 'A message holds no newline; newlines end messages.'),
  stdout: mustNot('stdio', 'Nothing but messages is written to stdout.'),
  'custom-framing': should('stdio', 'Other byte streams use this framing.', NO_CUSTOM_TRANSPORT),
  'no-requests': mustNot('Receiving Messages', 'The server writes no requests.'),
  'cancel-stops': should('Cancellation', 'The work of a cancelled request stops.'),
  'cancel-silent': mustNot('Cancellation', 'Nothing more is sent for a cancelled request.'),
  'exits-on-eof': should('Shutdown', 'The server ends when its input does.'),
});
