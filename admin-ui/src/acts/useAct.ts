import { computed, onMounted, ref, shallowRef } from 'vue';
import { failureOf, refusalIn, type Failure } from '../ui/sentences.ts';
import { everythingMoved } from '../session/queries.ts';
import { type Act, type Answer, type Applied, type Plan } from './act.ts';

/**
 * The steps of one act: plan, reason, done. A plan that has moved is replaced by the one of today and says so (`moved`); anything else that
 * goes wrong stands in `failure` until one looks again.
 */
export function useAct(act: Act) {
  const plan = shallowRef<Plan | null>(null);
  const applied = shallowRef<Applied | null>(null);
  const failure = shallowRef<Failure | null>(null);
  const moved = shallowRef<Failure | null>(null);
  const busy = ref(false);
  const reason = ref('');

  async function ask(said: { reason?: string; previewToken?: string }): Promise<Answer | null> {
    busy.value = true;
    failure.value = null;
    try {
      return await act.perform(said);
    } catch (error) {
      failure.value = failureOf(error);
      return null;
    } finally {
      busy.value = false;
    }
  }

  async function look() {
    const answer = await ask({});
    if (answer?.__typename === 'PlannedAct') plan.value = answer;
    else if (answer?.__typename === 'RefusedAct') refuse(answer);
  }

  async function go() {
    moved.value = null;
    const answer = await ask({ reason: reason.value.trim(), previewToken: plan.value!.token });
    if (answer?.__typename === 'AppliedAct') {
      applied.value = answer;
      void everythingMoved();
    } else if (answer?.__typename === 'RefusedAct' && answer.code === 'moved') {
      const why = refusalIn(answer.code, answer.message);
      await look();
      moved.value = why;
    } else if (answer?.__typename === 'RefusedAct') refuse(answer);
  }

  const refuse = ({ code, message }: { code: string; message: string }) => (failure.value = refusalIn(code, message));

  onMounted(look);
  return {
    plan,
    applied,
    failure,
    moved,
    busy,
    reason,
    look,
    go,
    nothing: computed(() => plan.value?.changes.length === 0),
  };
}
