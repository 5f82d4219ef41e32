import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import { describe, expect, it } from 'vitest';
import { cookiePolicy } from '../../../../../src/auth/server/cookies.ts';
import { FormTokens } from '../../../../../src/auth/server/forms/form-token.ts';

interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: object;
}

/** As much of a request and a response as a form token needs. */
function exchange(cookie?: string): { request: IncomingMessage; response: Response; set: SetCookie[] } {
  const set: SetCookie[] = [];
  const request = { headers: { cookie } } as unknown as IncomingMessage;
  const response = {
    cookie: (name: string, value: string, attributes: object) => set.push({ name, value, attributes }),
  } as unknown as Response;
  return { request, response, set };
}

describe('form tokens', () => {
  it('hold in the same browser for the same purpose, with a retired secret too', () => {
    const secrets = ['old'];
    const forms = new FormTokens({ secure: true, secrets: () => secrets });
    const first = exchange();
    const token = forms.issue(first.request, first.response, 'consent');
    const [cookie] = first.set;
    const { request, response, set } = exchange(`a=b; ${cookie?.name ?? ''}=${cookie?.value ?? ''}`);
    expect(forms.verify(request, token, 'consent')).toBe(true);
    expect(forms.verify(request, token, 'sign-in')).toBe(false);
    secrets.unshift('new');
    expect(forms.verify(request, token, 'consent')).toBe(true);
    expect(forms.issue(request, response, 'consent')).not.toBe(token);
    expect(set).toEqual([]);
    secrets.pop();
    expect(forms.verify(request, token, 'consent')).toBe(false);
  });

  it('need the cookie', () => {
    const forms = new FormTokens({ secure: true, secrets: () => ['secret'] });
    const { request, response } = exchange();
    const token = forms.issue(request, response, 'consent');
    expect(forms.verify(request, token, 'consent')).toBe(false);
    expect(forms.verify(exchange('__Host-fairlead-form=').request, token, 'consent')).toBe(false);
    expect(forms.verify(exchange('__Host-fairlead-form=short').request, undefined, 'consent')).toBe(false);
  });

  it('come with a cookie that only this host can set, where there is TLS', () => {
    const { request, response, set } = exchange();
    new FormTokens({ secure: true, secrets: () => ['secret'] }).issue(request, response, 'consent');
    expect(set).toEqual([
      {
        name: '__Host-fairlead-form',
        value: expect.stringMatching(/^[\w-]{24}$/) as string,
        attributes: { httpOnly: true, sameSite: 'lax', secure: true, path: '/' },
      },
    ]);
  });
});

describe('the cookies of the authorization server', () => {
  it('are bound to this host and to TLS where there is TLS', () => {
    const { names, attributes } = cookiePolicy('https://mcp.example.com');
    expect(names.session).toMatch(/^__Host-/);
    expect(names.interaction).toMatch(/^__Secure-/);
    expect(attributes).toEqual({ httpOnly: true, sameSite: 'lax', secure: true });
    expect(cookiePolicy('http://127.0.0.1:3000').attributes.secure).toBe(false);
  });
});
