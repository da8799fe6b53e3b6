import type { Demand } from '../permissions.ts';
import type { Scene } from './matrix-world.ts';

/** How one operation is tried: what it asks of its object beyond its permission, and the words it is tried with in a scene. */
export type Trials = Record<string, { asks: Demand; words?: (scene: Scene) => unknown }>;

/** Words that several modules' calls begin with. */
export const here = ({ conversationId }: Scene) => ({ conversationId });
export const message = ({ conversationId, ownMessage, otherMessage, thing }: Scene) => ({
  conversationId,
  messageId: thing.whose === 'own' ? ownMessage : otherMessage,
});
/** Whether the scene is about somebody weaker than the actor. */
export const weaker = ({ thing }: Scene) => thing.target !== 'stronger';
