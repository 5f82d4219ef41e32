import { AppError, callText, defineTool, text, type ToolContext, z } from 'fairlead/tool';

const settingsSchema = z.object({
  endpoint: z.url({ protocol: /^https?$/ }).default('https://date.nager.at'),
});

const input = z.object({
  country: z
    .string()
    .regex(/^[A-Za-z]{2}$/)
    .describe('Two letters of ISO 3166-1, such as DE.'),
  year: z.int().min(1975).max(2100).describe('Such as 2026.'),
});

const output = z.object({
  country: z.string().describe('Two letters, in capitals.'),
  year: z.number().describe('The year that was asked for.'),
  holidays: z
    .array(z.object({ date: z.string(), name: z.string(), local_name: z.string() }))
    .describe('In the order of the year; dates as 2026-12-25.'),
});

/** As far as it is used; what the service adds is left out. */
const answerSchema = z
  .array(z.object({ date: z.iso.date(), name: z.string().max(200), localName: z.string().max(200) }))
  .max(500);

/** Looks something up over HTTP, with all that such a tool has to care for. */
export default ({ settings }: ToolContext) => {
  const { endpoint } = settingsSchema.parse(settings);
  return defineTool({
    name: 'look_up_holidays',
    title: 'Look up public holidays',
    description:
      'Looks up the public holidays of a country in a year, with their English and local names. Take it before planning dates or counting workdays. It covers about a hundred countries and tells nothing of regional holidays.',
    scopes: ['web:fetch'],
    effect: 'read',
    openWorld: true,
    input,
    output,
    timeoutMs: 10_000,
    async run(call, { country, year }) {
      const code = country.toUpperCase();
      const url = new URL(`/api/v3/PublicHolidays/${year}/${code}`, endpoint);
      // Ends with the call, and reaches public addresses only. Redirects come as answers, and are refused below.
      const response = await call.fetch(url, {
        signal: call.signal,
        headers: { accept: 'application/json' },
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw refusal(response, { country, year });
      }
      // What strangers answer is checked before anything is made of it.
      const answer = answerSchema.safeParse(await response.json().catch(() => undefined));
      if (!answer.success) {
        throw new AppError('SOURCE_UNAVAILABLE', 'The service answered something else than holidays.', {
          cause: answer.error,
        });
      }
      const holidays = answer.data.map(({ date, name, localName }) => ({
        date,
        name,
        local_name: localName,
      }));
      const structuredContent = { country: code, year, holidays };
      return { content: [text(JSON.stringify(structuredContent))], structuredContent };
    },
  });
};

/** What the model is to make of a status: correct the call, wait, or give up. */
function refusal({ status, headers }: Response, { country, year }: z.output<typeof input>): AppError {
  if (status === 404 || status === 204) {
    return new AppError('INVALID_ARGUMENT', `The service knows no holidays of ${country} in ${year}.`, {
      next:
        callText('look_up_holidays', { country: 'GB', year: 2026 }) +
        ' shows that it works; try another code',
    });
  }
  const seconds = Number(headers.get('retry-after') ?? '');
  if (status === 429 || status === 503) {
    const retryAfter = Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, 3600) : 30;
    return new AppError('BUSY', 'The service takes no more questions for now.', { retryAfter });
  }
  return new AppError('HTTP_STATUS', `The service answered with status ${status}.`, {
    next: 'do without it, and tell the person who asked',
  });
}
