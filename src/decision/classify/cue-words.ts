/**
 * Words that say what is wanted, in the languages of most users. `outright` words decide, `hints` count where nothing does. Two words
 * that say it together are joined by `_`; languages without blanks have two characters for a word. Small letters.
 */
import type { TaskClass } from '../../core/capabilities.ts'

export interface CueWords {
  readonly outright: string
  readonly hints: string
}

export const CUE_WORDS: Readonly<Partial<Record<TaskClass, CueWords>>> = {
  translation: {
    outright: `translation_of translate   localize localise you_say in_spanish in_french in_german in_english in_italian to_spanish
      to_french to_german to_english english_for übersetze übersetzen übersetzung übertragen auf_englisch auf_deutsch ins_englische
      ins_deutsche ins_französische ins_spanische traduis traduire traduisez traduction dit_on en_anglais traduce traducir traduzca traducción
      traduceme tradúceme se_dice al_inglés al_francés traduza traduzir tradução traduz se_diz para_inglês traduci tradurre traduca traduzione
      si_dice in_inglese vertaal vertalen vertaling переведи переведите перевод перевести будет_по по_английски на_английский
      翻译 翻成 译成 语怎 文怎 翻訳 英訳 和訳 訳し 語に 語で 번역 ترجم ترجمة ترجمي الترجمة بالإنجليزية بالفرنسية بالألمانية أقول अनुवाद कैसे_कहते में_कहते`,
    hints: `heißt means bedeutet signifie significa`,
  },
  summary: {
    outright: `summarize summarise summary summarizing tldr tl condense shorten key_takeaways main_points main_argument sum_this in_brief
      zusammenfassung zusammen_fassen fasse fass zusammenfassen worum résume résumé resume résumer synthèse en_bref resumen resumir resúmeme
      resuma resumo resumir riassumi riassunto riassumere sintesi samenvatten samenvatting vat_samen перескажи резюмируй резюме краткое
      краткий кратко вкратце суммируй 总结 概括 摘要 归纳 要約 まと 요약 لخص تلخيص ملخص لخصي सारांश संक्षेप`,
    hints: `bullet_points takeaways abstract stichpunkten`,
  },
  extraction: {
    outright: `extract pull_out pull_the list_every list_all get_all identify_all turn_this this_text table_with elenca liste_os relevez parse_this parse_out mentioned_in as_json return_json to_json csv into_json json_array extrahiere zieh
      extrahieren extrais relève extraire extrae saca extraer extraiga extraia extrair estrai ricava estrarre  извлеки извлечь выпиши
      提取 抽取 找出 抜き 抽出 추출 استخرج استخراج निकालो निकालें निकालिए`,
    hints: `json table identify find_the find_all get_all  list_all list_every list_the  liste_os datos fields schema найди 列出`,
  },
  classification: {
    outright: `classify categorize categorise sentiment spam label_this label_the label_each tag_each positive_or negative_or phishing
      klassifiziere kategorien ordne positiv_oder kategorisiere classe classifie positif_ou clasifica positiva_o positivo_o classifique
      classificar classifica positiva_ou positiva_oppure negativo_o классифицируй распредели положительный отрицательный категориям 分类 正面 负面 归类
      判断 分類 肯定 否定 분류 صنف إيجابي تصنيف वर्गीकृत सकारात्मक नकारात्मक`,
    hints: `category intent urgency rate answer_yes true_or which_category hate_speech grammatically yes_or`,
  },
  creative: {
    outright: `a_song a_toast poem haiku limerick lyrics sonnet story  slogan tagline monologue rhyme villanelle screenplay roleplay  
      brainstorm fiction  names_for gedicht kurzgeschichte geschichte reime reim ballade werbesprüche erfinde märchen poème poésie 
       une_histoire slogan sonnet invente  poema cuento rima inventa monólogo eslogan relato conto 
      slogans crie invente favola filastrocca poesia racconto inventa sonetto рассказ стихотворение четверостишие сочини придумай сказку
      слоган стихи 故事 小诗 首诗 广告 写诗 小说 诗词 物語 俳句 短歌 詩を キャ 창작 قصة شعر قصيدة الشعر حوارا कहानी कविता नारे`,
    hints: `song toast tale conte poeminha write_dialogue dialogue invent imagine compose chapter novel dialog dialogue schreib_eine schreibe écris verfasse  names
      titles names_for nombres nomi 名字 起名`,
  },
  code: {
    outright: `python javascript typescript java rust golang kotlin sql regex css html react docker dockerfile kubernetes git nginx bash npm
      pytest unit_tests unit_test stack_trace traceback typeerror keyerror nullpointerexception refactor c++ c# php postgres flask django
      terraform github   async function_in vim regexp pip json_parse jest node  django segmentation haskell typescript excel
      funktion skript  code quellcode funktionen  fonction función_en função_em
      función  componente  funzione функцию функция код скрипт запрос  代码 函数 报错 编程 组件 数据库 関数 コー
      クエ プロ 実装 함수 코드 دالة بايثون برمجة جافاسكريبت استعلام फंक्शन कोड   commit graphql yaml postgresql redis`,
    hints: `endpoint branch api query function script class method bug error compile code  component array string loop server deploy implement middleware
      database erreur fehler ошибка エラ 错误 خطأ cron shell linux install`,
  },
  math: {
    outright: `solve derivative integral equation prove theorem determinant probability square_root divisible perimeter eigenvalue
      factorial evaluate_the show_that löse gleichung nullstellen beweise ableitung wahrscheinlichkeit résous équation démontre montre_que
      dérivée probabilité racine_carrée résoudre resuelve demuestra ecuación derivada probabilidad resolva prove_que equação
      mostre_que risolvi dimostra equazione derivata реши докажи уравнение производная вероятность 解方 方程 证明 求证 概率 积分 方程 証明
      解い 確率 積分 حل_المعادلة المعادلة أثبت احتمال الجذر समीकरण सिद्ध_कीजिए सिद्ध`,
    hints: `how_many how_much percent compute calculate average area sum convert multiplied half_of equals speed wie_viel wie_viele prozent
      berechne combien font cuánto cuántos cuántas calcula quanto quantos quanti calcola сколько посчитай вычисли 多少 几颗 いく 時速 كم गुना कितना_होता
      कितना कितने km vitesse скорость`,
  },
  logic: {
    outright: `knights knaves riddle puzzle logically truth_teller always_lie  logikrätsel rätsel énigme acertijo enigma
      indovinello загадка  谁说 撒谎 真话 嘘を 嘘つ لغز पहेली who_lies lying weighings  deduce syllogism`,
    hints: `if_all  does_it older_than taller_than shorter_than taller older comes_next in_which sitting next_to
      sits_left truth lies largest follow_that some_are       mayor_que más_alto
      mais_velho più_vecchio  выше если_все 谁最 比小 より背 أطول إذا_كان لंबा_है लंबा अगर_सभी mienten `,
  },
  reading: {
    outright: `the_article text_and passage   the_passage read_the lies_den lis_ce passage_puis lee_el leia_o leggi_il прочитай 阅读 短文 根据 読ん
      اقرأ गद्यांश using_only`,
    hints: `context according_to question text article paragraph frage  ответь 段落 質問 السؤال उत्तर`,
  },
  factual: {
    outright: `capital_of hauptstadt capitale capital_de capital_da столица 首都 عاصمة राजधानी who_wrote   who_painted 
      which_year what_year wann_wurde welchem_jahr qui_a quelle_année quién_escribió quién qué_año quem que_ano chi_ha che_anno кто_написал
      каком_году 作者 哪一 哪年 誰で 何年 من_كتب متى किसने who_proved hoofdstad how_tall when_did `,
    hints: `in_which who_is who_was who when where name_the wer wann qui quand cuándo cuál qual quando chi dove кто когда где какая 谁 哪里 哪儿 谁是 いつ どこ من أين
      कब कौन longest tallest largest how_many which year`,
  },
  knowledge: {
    outright: `explain difference_between compare_the causes_of what_are how_does how_do erkläre unterschied_zwischen erläutere erklär
      explique différence_entre explícame diferencia_entre explica diferença_entre spiegami spiega differenza_tra illustra объясни
      чем_отличается 解释 区别 原理 比较 仕組 違い 説明 اشرح الفرق قارن समझाओ समझाइए अंतर`,
    hints: `why how warum wie_funktioniert funktioniert pourquoi comment_fonctionne comment_se por_qué cómo_funciona por_que
      como_funciona perché come_funziona come_si что_такое почему как_работает как_образуются 为什 什么 怎么 怎样 なぜ とは لماذا كيف ما_هو
      क्या_होती क्यों कैसे analyse analyze discuta compara vergleiche сравни`,
  },
  chat: {
    outright: `advice recommend   my_boss my_manager    cover_letter polite rude nicer reword rewrite_this
      bewerbung geschenk schenke freundlicher höflicher kochen formulier witz joke  reformule poliment cadeau blague lettre
      regalo chiste amable cenar ayúdame_a roteiro piada educada jantar consigliami barzelletta gentile cucino vorrei подскажи
      посоветуешь перепиши анекдот приготовить помоги 推荐 建议 吃什 笑话 面试 客气 おす 丁寧 夕飯 転職 教え طبخ نكتة أتصرف أطبخ ألطف
      चुटकुला खाने_में बनाऊँ विनम्र नौकरी`,
    hints: `should_i feeling am_i gift motivation i my me trip plan ideas help_me idea email draft think wear weekend ich mein meine mir je mon ma mes mi quiero me_ayuda
      minha meu mio mia vorrei я мой моя мне 我想 帮我 室友 最近 私は 会社 أنا مेरा मेरी मुझे मेरे`,
  },
}

/** What asks for much: a proof, a design, what only an expert weighs. */
export const HARD_WORDS = `prove proof derive theorem show_that justify design architecture distributed concurrent consensus migrate migration trade_offs
 compare_the simd fault_tolerant optimal determine_all   
 beweise beweis zeige entwirf erläutere vergleiche démontre démontrer montre_que conçois analyse demuestra diseña compara prove
 prove_que mostre_que implemente discuta dimostra progetta illustra докажи докажите спроектируй реализуй сравни 证明 求证 设计 比较 分析
 証明 競合 実装 أثبت قارن صمم सिद्ध सिद्धांत`

/** What people say to begin, with hardly another word: behind them a wish may follow. */
export const HELLOS = `test great perfect hi hello hey yo hiya howdy greetings there good_morning good_evening good_afternoon how_are are_you you_doing hallo moin servus grüß_gott bist_du du_da
  guten_tag guten_morgen guten_abend wie_geht alles_klar bonjour salut bonsoir coucou ça_va tu_vas hola buenos_días buenas buenas_tardes cómo_estás qué_tal oi olá
  bom_dia boa_tarde tudo_bem tudo_certo ciao buongiorno buonasera salve è_qualcuno ehi come_va привет здравствуйте здравствуй добрый_вечер добрый_день доброе_утро как_дела
  你好 您好 早上 晚上 在吗 嗨 こん おは やあ もし 안녕 مرحبا السلام_عليكم صباح_الخير مساء_الخير أهلا_وسهلا كيف_حالك नमस्ते हैलो कैसे_हो आप_कैसे कैसे_हैं goedemorgen`

/** What they say to thank and to end: a few more words of praise may follow. */
export const THANKS = `thanks thank_you thx ty cheers bye goodbye good_night danke vielen_dank tschüss gute_nacht merci au_revoir bonne_journée bonne_soirée gracias adiós
  hasta_luego obrigado obrigada valeu tchau boa_noite grazie buona_notte arrivederci a_domani спасибо пока спокойной_ночи 谢谢 多谢 感谢 再见 晚安 あり おや 감사
  شكرا وداعا धन्यवाद शुक्रिया शुभ_रात्रि bedankt`

/** Whoever says these wants something. */
export const WISHES = `now please can could fix add run do make also next then but need want write tell give show jetzt bitte aber kannst maintenant aussi peux ahora
  también puedes agora também pode adesso ora anche puoi теперь ещё можешь нужно 然后 接着 现在 请帮 次は 今度 الآن أريد अब कृपया`
