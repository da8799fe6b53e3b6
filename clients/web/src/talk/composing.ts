import type { InjectionKey } from 'vue';

/** Puts the caret where one writes. */
export const composerKey: InjectionKey<() => void> = Symbol('composer');
