export type MenuAct = { title: string; run: () => void; bad?: boolean; divided?: boolean };
/** Only what may be done. */
export const only = (acts: (MenuAct | false)[]): MenuAct[] => acts.filter((act) => act !== false);
