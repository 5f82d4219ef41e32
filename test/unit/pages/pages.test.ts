import { describe, expect, it } from 'vitest';
import express from 'express';
import { type Html, html } from '../../../src/pages/html.ts';
import { createPages, type Pages } from '../../../src/pages/index.ts';
import { STYLESHEET } from '../../../src/pages/stylesheet.ts';
import { serve } from '../../fixtures/loopback-server.ts';

const HOSTILE = `"><script>alert('1')</script>&`;
const SCOPE = { name: 'files:read', words: HOSTILE };
const OTHER_SCOPE = { name: 'files:write', words: HOSTILE };
const FORM = { action: '/somewhere', formToken: 'token' };
const PERSON = { name: HOSTILE, email: HOSTILE };

const pages = createPages({ resource: new URL('https://mcp.example.com/mcp'), accounts: true });

/** Every page, with hostile text wherever text of others goes. */
const DOCUMENTS: Record<string, string> = {
  login: pages.login({ ...FORM, client: HOSTILE, email: HOSTILE, problem: HOSTILE, passkey: HOSTILE }),
  'login without more': pages.login(FORM),
  setup: pages.setup({ ...FORM, email: HOSTILE, name: HOSTILE, problem: HOSTILE, minPasswordLength: 12 }),
  consent: pages.consent({
    ...FORM,
    client: { name: HOSTILE, verifiedHost: HOSTILE },
    redirect: { kind: 'app', name: HOSTILE },
    person: PERSON,
    granted: [SCOPE, OTHER_SCOPE],
    held: [OTHER_SCOPE],
    withheld: [SCOPE],
    offline: true,
    onceSeconds: 3600,
    lastingSeconds: 7_776_000,
  }),
  account: pages.account({
    ...FORM,
    person: PERSON,
    mcpUrl: HOSTILE,
    notice: HOSTILE,
    grants: [
      {
        ...{ gid: HOSTILE, clientName: HOSTILE, clientHost: HOSTILE, published: true, scopes: [SCOPE] },
        ...{ allowedAt: new Date(0), lastUsedAt: new Date(0), expiresAt: new Date(0) },
      },
    ],
    sessions: [
      { uid: HOSTILE, current: false, agent: HOSTILE, address: HOSTILE, signedInAt: new Date(0) },
      { uid: HOSTILE, current: true, agent: HOSTILE, signedInAt: new Date(0) },
    ],
    password: { has: true, open: false, minLength: 12 },
    passkeys: {
      state: 'add',
      list: [{ handle: HOSTILE, name: HOSTILE, createdAt: new Date(0), lastUsedAt: new Date(0) }],
      suggestedName: HOSTILE,
    },
  }),
  error: pages.error({ status: 400, code: HOSTILE, message: HOSTILE, next: HOSTILE, requestId: HOSTILE }),
};

describe('the html tag', () => {
  it('escapes text, keeps markup, and leaves out what is not there', () => {
    const items: Html[] = ['<a>', '"b"'].map((item) => html`<li>${item}</li>`);
    const made = html`<ul class="${`"'`}">
      ${items}${undefined}${false}${0}
    </ul>`;
    // However the template is laid out.
    expect(made.toString().replaceAll(/\s+(?=<)/g, '')).toBe(
      '<ul class="&quot;&#39;"><li>&lt;a&gt;</li><li>&quot;b&quot;</li>0</ul>',
    );
  });
});

describe.each(Object.entries(DOCUMENTS))('the %s page', (_name, document) => {
  it('shows text of others as text', () => {
    expect(document).not.toContain(HOSTILE);
    expect(document).not.toContain('<script>');
  });

  it('carries no script and no style of its own, and names no script but the one of ours', () => {
    const named = document.replaceAll(`<script src="${pages.scriptPath}" defer></script>`, '');
    expect(named).not.toMatch(/<script|<style|\sstyle=|\son\w+=/i);
  });

  it('says its language, has one heading of the first level, and fits a phone', () => {
    expect(document).toContain('<html lang="en">');
    expect(document.match(/<h1\b/g)).toHaveLength(1);
    expect(document).toContain('width=device-width');
  });

  it('names every field that people fill in', () => {
    const fields = [...document.matchAll(/<input\b([^>]*)>/g)].filter(
      ([, attributes = '']) => !attributes.includes('hidden'),
    );
    for (const [, attributes = ''] of fields) {
      const id = /\bid="([^"]+)"/.exec(attributes)?.[1] ?? '';
      expect(document).toContain(`<label for="${id}">`);
    }
  });

  it('sends along the form token with every form', () => {
    const forms = document.match(/<form\b[^]*?<\/form>/g) ?? [];
    for (const form of forms) {
      expect(form).toContain('method="post"');
      expect(form).toContain('name="form_token" value="token"');
    }
  });
});

describe('the routes', () => {
  async function get(path: string, from: Pages = pages): Promise<Response> {
    const server = await serve(() => express().use(from.routes));
    const response = await fetch(server.origin + path);
    await response.clone().arrayBuffer();
    await server.close();
    return response;
  }

  it('tell at the root how to connect', async () => {
    const text = await (await get('/')).text();
    expect(text).toContain('https://mcp.example.com/mcp');
    expect(text).toContain('claude mcp add --transport http fairlead https://mcp.example.com/mcp');
    expect(text).toContain('href="/account"');
    const bare = createPages({ resource: new URL('http://127.0.0.1:3000/mcp'), accounts: false });
    expect(await (await get('/', bare)).text()).not.toContain('/account');
  });

  it('serve what the pages load, for ever', async () => {
    const assets = [...(DOCUMENTS['error'] ?? '').matchAll(/href="(\/assets\/[^"]+)"/g)];
    expect(assets).toHaveLength(2);
    for (const path of [...assets.map(([, path = '']) => path), pages.scriptPath]) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    }
    expect((await get('/assets/other.css')).status).toBe(404);
  });
});

describe('the stylesheet', () => {
  const [light = '', dark = ''] = STYLESHEET.split('@media (prefers-color-scheme: dark)');

  it.each([
    ['light', light],
    ['dark', dark],
  ])('has enough contrast in the %s scheme (WCAG 2.2, 1.4.3 and 1.4.11)', (_scheme, css) => {
    const colour = (name: string): string => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(css)?.[1] ?? '';
    const text = [
      ['ink', 'ground'],
      ['ink', 'card'],
      ['ink', 'sunken'],
      ['ink', 'warn'],
      ['ink', 'bad'],
      ['ink', 'good'],
      ['quiet', 'card'],
      ['accent', 'card'],
      ['on-accent', 'accent'],
      ['on-accent', 'accent-strong'],
      ['bad-line', 'card'],
      ['bad-line', 'bad'],
    ] as const;
    for (const [front, back] of text) {
      expect([front, back, contrast(colour(front), colour(back)) >= 4.5]).toEqual([front, back, true]);
    }
    for (const [front, back] of [
      ['field', 'card'],
      ['accent', 'ground'],
    ] as const) {
      expect([front, back, contrast(colour(front), colour(back)) >= 3]).toEqual([front, back, true]);
    }
  });
});

/** WCAG 2.2, "contrast ratio". */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const value = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
