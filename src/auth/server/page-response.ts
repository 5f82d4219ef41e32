import type { Response } from 'express';

/** Sends a page. The edge has set the headers that keep it private and unframed. */
export function sendPage(response: Response, html: string, status = 200): void {
  response.status(status).type('html').send(html);
}
