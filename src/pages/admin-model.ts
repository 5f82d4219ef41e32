/** What the pages of the administration are made of. */
export interface AdminModel {
  readonly section: string;
  readonly title: string;
  readonly lead?: string | undefined;
  readonly notice?: string | undefined;
  readonly problem?: string | undefined;
  readonly formToken: string;
  readonly search?: { readonly label: string; readonly value: string } | undefined;
  readonly secret?: { readonly label: string; readonly value: string } | undefined;
  readonly finding?: Finding | undefined;
  readonly facts?: readonly (readonly [label: string, cell: Cell])[] | undefined;
  readonly table?: Table | undefined;
  readonly more?: string | undefined;
  readonly forms?: readonly Form[] | undefined;
}

export interface Finding {
  readonly tone: 'good' | 'bad' | 'warn';
  readonly title: string;
  readonly text: string;
  readonly next?: string | undefined;
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly cells: readonly Cell[]; readonly acts?: readonly Act[] }[];
  readonly empty: string;
}

export interface Cell {
  readonly text: string;
  readonly href?: string | undefined;
  readonly note?: string | undefined;
  readonly tone?: 'good' | 'bad' | 'quiet' | undefined;
  readonly time?: Date | undefined;
}

export interface Act {
  readonly label: string;
  readonly name: string;
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly danger?: boolean | undefined;
}

export interface Form {
  readonly title: string;
  readonly text?: string | undefined;
  readonly action: string;
  readonly fields: readonly Field[];
  readonly button: string;
  readonly danger?: boolean | undefined;
}

export interface TextField {
  readonly kind: 'text' | 'email' | 'password';
  readonly name: string;
  readonly label: string;
  readonly value?: string | undefined;
  readonly hint?: string | undefined;
  readonly required?: boolean | undefined;
}

interface Option {
  readonly value: string;
  readonly label: string;
  readonly checked: boolean;
}

export interface ChoiceField {
  readonly kind: 'choice';
  readonly name: string;
  readonly label: string;
  readonly options: readonly Option[];
}

export interface ChecksField {
  readonly kind: 'checks';
  readonly label: string;
  readonly options: readonly (Option & { readonly name: string })[];
}

export type Field = TextField | ChoiceField | ChecksField;
