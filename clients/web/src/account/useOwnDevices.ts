import { onMounted, shallowRef } from 'vue';
import type { OwnDevice } from '@parley/protocol/identity.ts';
import { parley } from '../parley.ts';
import { sentenceOf } from '../ui/notices.ts';

/** Where the person is signed in; null until the server has answered once. */
export function useOwnDevices() {
  const list = shallowRef<OwnDevice[] | null>(null);
  const problem = shallowRef('');
  async function load() {
    try {
      list.value = await parley.devices();
      problem.value = '';
    } catch (error) {
      problem.value = sentenceOf(error);
    }
  }
  onMounted(load);
  return { list, problem, load };
}
