import type { Response } from 'express';

/** Sends a page. The edge has set the headers that keep it private and unframed. */
export function sendPage(response: Response, html: string, status = 200): void {
  response.status(status).type('html').send(html);
}

/**
 * Lets a form of the page that follows end at another site. Chromium holds `form-action` against every
 * redirect that follows a submission, and where an identity provider sends people on to, it alone knows.
 */
export function allowFormRedirects(response: Response): void {
  const policy = String(response.getHeader('Content-Security-Policy'));
  const directives = policy.split(';').filter((directive) => !directive.trim().startsWith('form-action'));
  response.set('Content-Security-Policy', directives.join(';'));
}

/**
 * Lets the page that follows run the one script of ours, which asks this server for a challenge. All else
 * stays as the edge has set it.
 *
 * @param script Absolute URL. No path but this one counts (CSP Level 3, §6.7.2.8).
 */
export function allowScript(response: Response, script: URL): void {
  const policy = String(response.getHeader('Content-Security-Policy'));
  response.set('Content-Security-Policy', `${policy};script-src ${script.href};connect-src 'self'`);
}
