import { defineTool, text, z } from 'fairlead/tool';

/** The smallest tool there can be: one file, no settings, no network. */
export default defineTool({
  name: 'add_numbers',
  title: 'Add numbers',
  description:
    'Adds numbers and answers the exact sum, as far as 64-bit floating point is exact. Take it where a total has to be right rather than likely; for rows of a file or table take query_data.',
  scopes: [],
  effect: 'read',
  input: z.object({
    numbers: z.array(z.number()).min(1).max(1000).describe('What to add, such as [19.9, 5, -3].'),
  }),
  output: z.object({
    sum: z.number().describe('The total.'),
    count: z.number().describe('How many numbers were added.'),
  }),
  aliases: { values: 'numbers' },
  timeoutMs: 1000,
  run(_call, { numbers }) {
    const structuredContent = { sum: preciseSum(numbers), count: numbers.length };
    return Promise.resolve({ content: [text(JSON.stringify(structuredContent))], structuredContent });
  },
});

/** Kahan–Babuška: what is lost in each step is carried along, so that 0.1 added ten times is 1. */
function preciseSum(numbers: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const number of numbers) {
    const next = sum + number;
    lost += Math.abs(sum) >= Math.abs(number) ? sum - next + number : number - next + sum;
    sum = next;
  }
  return sum + lost;
}
