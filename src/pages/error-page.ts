import { html } from './html.ts';
import { layout } from './layout.ts';

interface ErrorModel {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly next: string | undefined;
  readonly requestId: string;
}

export function errorPage({ status, code, message, next, requestId }: ErrorModel): string {
  const title = titleOf(status);
  const content = html`<h1>${title}</h1>
    <p>${message}</p>
    ${next !== undefined && html`<p>What you can do: ${next}.</p>`}
    <p class="quiet small">
      ${status} <code>${code}</code><br />
      Request <code>${requestId}</code>
    </p>`;
  return layout({ title, content });
}

function titleOf(status: number): string {
  if (status === 404) return 'There is nothing here';
  if (status === 429) return 'Too many requests';
  if (status === 503) return 'Not available at the moment';
  return status >= 500 ? 'Something went wrong' : 'This cannot be done';
}
