declare module 'element-plus/es/locale/lang/*.mjs' {
  import { type Language } from 'element-plus/es/locale';
  const words: Language;
  export default words;
}
