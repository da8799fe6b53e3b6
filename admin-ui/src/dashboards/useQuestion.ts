import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { todayIn } from './days.ts';
import { ownTimeZone, readQuestion, writeQuestion, type Question } from './question.ts';

/** The question in the address bar: read from it, and changed by changing it, so that a link shows what its sender saw. */
export function useQuestion() {
  const route = useRoute();
  const router = useRouter();
  const timeZone = ownTimeZone();
  const question = computed(() => readQuestion(route.query, todayIn(timeZone)));
  const change = (part: Partial<Question>) => router.replace({ query: writeQuestion({ ...question.value, ...part }) });
  return { question, change, timeZone };
}
