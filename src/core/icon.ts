/** A picture that clients may show (MCP 2026-07-28, schema: `Icon`). */
export interface Icon {
  /** An HTTPS or `data:` URI. */
  readonly src: string;
  readonly mimeType?: string;
  /** `48x48`, or `any` for what scales. */
  readonly sizes?: readonly string[];
  readonly theme?: 'light' | 'dark';
}

/** The mark of the product, in a colour that shows on light and dark ground: SVG. */
export const MARK =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#1f8799"><circle cx="16" cy="16" r="9" stroke-width="4"/><path d="M1 24c6 0 9-3 12-6s5-6 18-8" stroke-width="2.5" stroke-linecap="round"/></svg>';
