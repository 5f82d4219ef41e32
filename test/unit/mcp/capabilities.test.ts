import { describe, expect, it } from 'vitest';
import { canAnswer, capabilitiesIn } from '../../../src/mcp/capabilities.ts';

const DECLARED = { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: true } };

describe('what a client can be asked', () => {
  it.each([
    ['2025-11-25', true, true],
    ['2025-06-18', true, false],
    ['2025-03-26', false, false],
    ['2024-11-05', false, false],
  ])('is only what revision %s has, whatever the client declares', (revision, form, url) => {
    const capabilities = capabilitiesIn(revision, DECLARED);
    expect(canAnswer(capabilities, 'elicitation/create', 'form')).toBe(form);
    expect(canAnswer(capabilities, 'elicitation/create', 'url')).toBe(url);
    expect(canAnswer(capabilities, 'sampling/createMessage')).toBe(true);
    expect(canAnswer(capabilities, 'roots/list')).toBe(true);
  });

  it('is never what the client has not declared', () => {
    for (const revision of ['2025-11-25', '2025-06-18', '2025-03-26']) {
      expect(canAnswer(capabilitiesIn(revision, {}), 'elicitation/create')).toBe(false);
    }
    const pagesOnly = capabilitiesIn('2025-11-25', { elicitation: { url: {} } });
    expect(canAnswer(pagesOnly, 'elicitation/create', 'form')).toBe(false);
    expect(canAnswer(pagesOnly, 'elicitation/create', 'url')).toBe(true);
  });
});
