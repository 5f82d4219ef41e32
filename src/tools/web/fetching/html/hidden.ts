/** Attributes of an element as they are written, entities resolved. */
export type Attributes = Readonly<Record<string, string>>;

/** Read out by machines alone: themes give these classes to text that nobody is to see. */
const UNSEEN_CLASS = /(?:^|\s)(?:sr-only|visually-?hidden|screen-reader-text)(?:\s|$)/i;
const MAX_STYLE_LENGTH = 4000;

/**
 * Whether an element is written so that people do not see it: a page can say there to an agent what its person
 * would not let pass. Style sheets are not looked at.
 */
export function isHidden(attributes: Attributes): boolean {
  const { hidden, style, class: classes } = attributes;
  if (hidden !== undefined && hidden.toLowerCase() !== 'until-found') return true;
  if (attributes['aria-hidden']?.trim().toLowerCase() === 'true') return true;
  if (classes !== undefined && UNSEEN_CLASS.test(classes)) return true;
  return style !== undefined && stylesHide(declarations(style));
}

type Declarations = ReadonlyMap<string, string>;

function declarations(style: string): Declarations {
  const plain = style
    .slice(0, MAX_STYLE_LENGTH)
    .replace(/\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g, '')
    .replace(/\\([0-9a-f]{1,6})\s?/gi, (_, code: string) => fromCode(Number.parseInt(code, 16)))
    .replaceAll('\\', '')
    .toLowerCase();
  return new Map(
    plain.split(';').map((declaration) => {
      const colon = declaration.indexOf(':');
      const value = declaration.slice(colon + 1).replace(/!\s*important/, '');
      return [declaration.slice(0, Math.max(0, colon)).trim(), value.trim()];
    }),
  );
}

function fromCode(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

const REFUSALS: Readonly<Record<string, RegExp>> = {
  display: /^none$/,
  visibility: /^(hidden|collapse)$/,
  'content-visibility': /^hidden$/,
  opacity: /^\+?(0+(\.0\d*)?|\.0\d*)%?$/,
  font: /^[+]?0*(\.0+)?([a-z%]+)?(\/|\s)/,
  'text-indent': /^-\d{3,}/,
  clip: /^rect\(\s*(0|1px)/,
  'clip-path': /^(inset\(\s*(50|100)%|circle\(\s*0|polygon\(\s*0\s*0\s*\))/,
  transform: /scale(x|y|3d)?\(\s*0*(\.0\d*)?\s*[,)]/,
  color:
    /^(transparent|rgba?\([^)]*[,/]\s*0*(\.0\d*)?%?\s*\)|hsla?\([^)]*[,/]\s*0*(\.0\d*)?%?\s*\)|#[0-9a-f]{3}0|#[0-9a-f]{6}00)$/,
};

const SIDES = ['left', 'right', 'top', 'bottom', 'margin-left', 'margin-top'];
const EXTENTS = ['width', 'height', 'max-width', 'max-height'];
const FAR_AWAY = /^-\d{3,}/;
const NO_EXTENT = /^([01](\.\d+)?|\.\d+)(px|em|rem|pt|%)?$/;

function stylesHide(style: Declarations): boolean {
  const is = (property: string, pattern: RegExp): boolean => {
    const value = style.get(property);
    return value !== undefined && pattern.test(value);
  };
  if (Object.entries(REFUSALS).some(([property, pattern]) => is(property, pattern))) return true;
  if (SIDES.some((side) => is(side, FAR_AWAY))) return true;
  if (is('overflow', /^(hidden|clip)/) && EXTENTS.some((extent) => is(extent, NO_EXTENT))) return true;
  return isTiny(style.get('font-size') ?? '') || hasColorOfGround(style);
}

function hasColorOfGround(style: Declarations): boolean {
  const ground = style.get('background-color') ?? style.get('background');
  return ground !== undefined && style.get('color') === ground;
}

/** By unit: what is smaller is no text to anybody. */
const SMALLEST: Readonly<Record<string, number>> = {
  px: 2,
  pt: 2,
  em: 0.15,
  rem: 0.15,
  '%': 15,
  vw: 0.2,
  vh: 0.2,
};

function isTiny(size: string): boolean {
  const [, number, unit = ''] = /^\+?(\d*\.?\d+)([a-z%]*)/.exec(size) ?? [];
  return number !== undefined && Number(number) < (SMALLEST[unit] ?? Number.MIN_VALUE);
}
