/** The pages of the administration, as what they say. All are made of the same few parts. */
export interface AdminPage {
  readonly section: 'people' | 'clients' | 'grants' | 'sessions' | 'connections';
  readonly title: string;
  /** What the page is about, in a sentence. */
  readonly lead?: string | undefined;
  /** What was just done. */
  readonly notice?: string | undefined;
  /** Why it was not done. */
  readonly problem?: string | undefined;
  /** To be sent along with every form as `form_token`. */
  readonly formToken: string;
  /** What can be searched for, and is. */
  readonly search?: { readonly label: string; readonly value: string } | undefined;
  /** Shown this once: to be copied. */
  readonly secret?: { readonly label: string; readonly value: string } | undefined;
  /** What is to be noticed first. */
  readonly finding?: AdminFinding | undefined;
  readonly facts?: readonly (readonly [label: string, cell: AdminCell])[] | undefined;
  readonly table?: AdminTable | undefined;
  /** Address of the next page of the table. */
  readonly more?: string | undefined;
  readonly forms?: readonly AdminForm[] | undefined;
}

export interface AdminFinding {
  readonly tone: 'good' | 'bad' | 'warn';
  readonly title: string;
  readonly text: string;
  /** What can be done about it. */
  readonly next?: string | undefined;
}

export interface AdminTable {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell of each row is its heading. */
  readonly rows: readonly { readonly cells: readonly AdminCell[]; readonly acts?: readonly AdminAct[] }[];
  /** What is said when there is no row. */
  readonly empty: string;
}

export interface AdminCell {
  readonly text: string;
  readonly href?: string | undefined;
  /** A second line. */
  readonly note?: string | undefined;
  readonly tone?: 'good' | 'bad' | 'quiet' | undefined;
  /** The time that the text tells, for machines. */
  readonly time?: Date | undefined;
}

/** A form that is a single button. */
export interface AdminAct {
  readonly label: string;
  /** What it does to whom: for who hears the button alone. */
  readonly name: string;
  /** Path to post to. */
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly danger?: boolean | undefined;
}

export interface AdminForm {
  readonly title: string;
  readonly text?: string | undefined;
  readonly action: string;
  readonly fields: readonly AdminField[];
  readonly button: string;
  readonly danger?: boolean | undefined;
}

export type AdminField =
  | {
      readonly kind: 'text' | 'email' | 'password';
      readonly name: string;
      readonly label: string;
      readonly value?: string | undefined;
      readonly hint?: string | undefined;
      readonly required?: boolean | undefined;
    }
  | {
      readonly kind: 'choice';
      readonly name: string;
      readonly label: string;
      readonly options: readonly AdminOption[];
    }
  | {
      readonly kind: 'checks';
      readonly label: string;
      readonly options: readonly (AdminOption & { readonly name: string })[];
    };

export interface AdminOption {
  readonly value: string;
  readonly label: string;
  readonly checked: boolean;
}

/** The page behind a one-time link, where a person sets a password. */
export interface SetPasswordPage {
  readonly action: string;
  readonly formToken: string;
  readonly person: { readonly name: string; readonly email: string };
  readonly minPasswordLength: number;
  readonly problem?: string | undefined;
}

/** The page at which an owner signs in again. */
export interface ConfirmPage {
  readonly action: string;
  readonly formToken: string;
  readonly person: { readonly name: string; readonly email: string };
  readonly problem?: string | undefined;
}
