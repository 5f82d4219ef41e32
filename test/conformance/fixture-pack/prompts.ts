import { type Content, text } from '../../../src/core/content.ts';
import type { Prompt } from '../../../src/core/prompt.ts';
import { elicitation } from './asking-tools.ts';
import { image } from './samples.ts';

function prompt(
  name: string,
  argumentNames: readonly string[],
  get: (values: Readonly<Record<string, string>>) => readonly Content[],
): Prompt {
  return {
    name,
    title: name,
    description: `Conformance fixture ${name}.`,
    scopes: [],
    arguments: argumentNames.map((argument) => ({ name: argument, description: argument, required: true })),
    get: (_context, values) => Promise.resolve(get(values).map((content) => ({ role: 'user', content }))),
    complete: (_context, _argument, typed) =>
      Promise.resolve(['paris', 'park', 'party'].filter((value) => value.startsWith(typed))),
  };
}

export const prompts: readonly Prompt[] = [
  prompt('test_simple_prompt', [], () => [text('This is a simple prompt for testing.')]),
  prompt('test_prompt_with_arguments', ['arg1', 'arg2'], ({ arg1 = '', arg2 = '' }) => [
    text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`),
  ]),
  prompt('test_prompt_with_embedded_resource', ['resourceUri'], ({ resourceUri = '' }) => [
    {
      type: 'resource',
      resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
    },
    text('Please process the embedded resource above.'),
  ]),
  prompt('test_prompt_with_image', [], () => [image, text('Please analyze the image above.')]),
  {
    ...prompt('test_input_required_result_prompt', [], () => []),
    async get(context) {
      const told = await context.ask({
        user_context: elicitation('What context should the prompt use?', 'context'),
      });
      return [{ role: 'user', content: text(JSON.stringify(told)) }];
    },
  },
];
