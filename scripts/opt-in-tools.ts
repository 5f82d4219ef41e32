/** Settings of `tools`, by section, with which every tool is offered that is there only where an operator asks for it. */
export const OPT_IN = {
  data: { sources: [{ name: 'shop', kind: 'sqlite', path: '/srv/shop/shop.sqlite', writable: true }] },
  web: { apis: [{ name: 'tracker', description: 'Issues.', baseUrl: 'https://tracker.example.com/api' }] },
  jobs: {
    jobs: [
      {
        name: 'report',
        title: 'Monthly report',
        description: 'Builds the report of a month.',
        command: ['/usr/local/bin/report', '{month}'],
        params: { month: { type: 'string', description: 'As 2026-03.', required: true } },
      },
    ],
  },
};
