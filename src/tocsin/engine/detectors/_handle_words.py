"""The words that announce chat handles, as they stand after folding: names of services, and what may follow them.

What belongs here: spellings and the expressions made of them. What does not: how a handle is read, that is
``handles.py``.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Marks that may stand between two of: the name of a service, a filler, the handle. No letters, no @.
MARKS = r"(?:[^\w@\n]|_(?=[a-z0-9])){0,6}"
_HAN_FILLERS = _words(
    """
    就是 号码 账号 帐号 号是 同号 微号 客服 财务 咨询 联系人 联系 老师 助理 经理 主管 总监 业务 商务 合作
    小姐姐 学姐 群主 管理 官方 指定 唯一 认准 名片 搜索 搜寻 搜一下 复制 添加 加我 请加 好友 小号 大号 主号 备用
    频道 群组 群号 下单 我的 同微信 私聊 私信 追加 搜 加 是 为 号 我 群 裙 一 二 三 四
    """
)
_OTHER_FILLERS = _words(
    """
    아이디 문의 상담 주소 채널 연락 ник канал бот аккаунт номер логин
    agent id no number num username handle account channel group admin manager support me us on at via is my now add
    contact here's here only chat text
    """
)
# What fillers begin with: looked at first, since there are many fillers and mostly none.
_FIRST = "".join(sorted({filler[0] for filler in _HAN_FILLERS + _OTHER_FILLERS}))
_FILLER = (
    rf"(?=[{_FIRST}\d])(?:{'|'.join(_HAN_FILLERS)}|\d(?:号| ?(?=:))|"
    rf"(?:{'|'.join(sorted(_OTHER_FILLERS, key=len, reverse=True))})(?!\w))"
)
BETWEEN = rf"(?:{MARKS}{_FILLER}){{0,4}}{MARKS}"
# Before a telephone number, in which a plus and a bracket belong to the number.
_NUMBER_MARKS = r"(?:[^\w@\n+(]|\+(?! ?\(?\d)|\((?!\+?\d)){0,6}"
BETWEEN_NUMBERS = rf"(?:{_NUMBER_MARKS}{_FILLER}){{0,4}}{_NUMBER_MARKS}"

_SOUNDS_WEI = "威维唯围卫魏惟"
_LOOKS_WEI = "微薇徽葳巍溦崴㣲嶶"
_WEI_ENDS = r"(?:电|心|芯|q(?![a-z0-9])|x(?![a-z0-9]))?"
WECHAT = (
    *_words("微信 企微 wechat qqwechat weixin wxid vx wx v信 w信 微丶信 √ √x 卫星 绿色软件 위챗 위쳇"),
    "we chat",
    "v x",
    *(wei + end for wei in _LOOKS_WEI + _SOUNDS_WEI for end in ("", *"电同号心芯信x客联加搜是q看找")),
    *(f"v{end}" for end in ":= 号([【「-.,\"'→>是"),
    *(f"{verb}v" for verb in "加+添伽佳架搜我"),
)
WECHAT_LABEL = (
    rf"(?P<sure>微丶?信|企微|√x|v x(?=[ :=])|(?:(?:qq)?we ?chat|weixin|wxid|vx(?!in)|wx|[vw]信)(?![a-z]{{8}})|"
    rf"[{_SOUNDS_WEI}]信|卫星|绿色软件|위[챗쳇])"
    rf"|(?P<look>[{_LOOKS_WEI}]{_WEI_ENDS})|(?P<sound>[{_SOUNDS_WEI}]{_WEI_ENDS})"
    r"|[加+添伽佳架搜我]?(?P<letter>v|√)(?:x?号)?"
)
# Ends of words in which the next character is no name of WeChat (轻微, 外围, 运维 …).
NOT_WECHAT_BEFORE = frozenset("轻稍略显细低卑甚示权外周范包氛思运警保门后")
# What WeChat offers, not whom to add.
WECHAT_OFFERS = (
    "支付|转账|红包|群|验证|小程序|订单|单号|余额|零钱|登录|认证|"
    "读书|视频|版本|公众|运动|步数|表情|状态|豆|分身|更新|下载"
)
# What may follow the name of a service that stands behind a handle.
GOES_ON = frozenset(_words("同步 同号 同电 联系 在线 私聊 咨询"))

QQ = (
    *_words("qq 扣扣 企鹅 扣群 扣 抠 球球 秋秋 群 裙 群号 裙号 q: q= q号 q群 q我 q是 q( q_"),
    "q q",
    "q ",
    *(f"q{digit}" for digit in "0123456789"),
)
QQ_LABEL = (
    r"(?P<sure>qq|扣扣|企鹅|[q扣]群|q q|球球|秋秋|q号|扣号)"
    r"|(?P<letter>[q扣抠])我?|(?P<group>[群裙](?:号码?)?)"
)

TELEGRAM = (
    *_words("telegra tele: tele@ teleqram telegr@m tg t·g t/g t.g 电报 飞机 灰机 纸飞 土豆 тг телег ᄐᄅ テレグラム"),
    "tele ",
    *(f"텔{end}" for end in "레:그ᄅ @"),
    *_words("تلجرام تليجرام تيليجرام تلغرام تيلي"),
)
TELEGRAM_LABEL = (
    r"(?P<sure>tele(?:gr[a@]m|gra|qram)?(?![a-z])|电报|灰机|纸飞机|纸飞.机|飞机(?! ?[a-z]{2} ?\d{3,4}(?!\d))|"
    r"t[·/.]?g(?![a-z])|тг(?!\w)|телег(?:рам+[а-я]?|[ауеи])|텔레?그?램?|텔ᄅ|ᄐᄅ|テレグラム|"
    r"تل[جغ]رام|تليجرام|تيليجرام|تيلي)"
    r"|(?P<weak>土豆)"
)

WHATSAPP = (
    *_words("whatsa whats-a wa: wa+ ws: ws+ wp: wasap watsap whasap ватс вотс вацап ватц واتس 왓츠 왓스"),
    *("whats a", "what's a", "wa ", "ws "),
)
WHATSAPP_LABEL = (
    r"(?P<sure>what'?s ?app|what?sap|whasap|wasap|w[asp](?=[ :+])|"
    r"ватсап|вотсап|вацап|ватцап|واتس ?[اآ]?ب?|왓[츠스]앱)"
)

LINE = _words("line 赖 濑 라인 ไลน์")
LINE_LABEL = (
    r"(?P<sure>line ?(?:id|账号|帐号|帐户|号|好友)|라인(?:아이디)?|ไลน์)"
    r"|(?P<word>line)|(?P<han>[赖濑](?:id|号|帐号|账号)?)"
)
NOT_LINE_BEFORE = frozenset("依信耍无抵仰百诬")
ADDS_LINE = r"(?:加入?|添|我的|的|add|my|官方|追加|私|密) ?$"

# Words that follow the name of a service in ordinary sentences.
NOT_HANDLES = frozenset(
    _words(
        """
        wechat weixin telegram whatsapp iphone android please official online account number public group contact
        message service customer support download register website channel version windows https http www com pay work
        works login video photo image share chat chats call calls me us you your and the for with will can app apps id
        ids username user name link links below above here now today tomorrow only also just thanks thank hello line
        lines or on in at to of is are was has have not but from when what who how text texts phone email mobile mini
        program store premium desktop bot bots music messenger status update beta everyone someone anyone
        """
    )
)

# Whom to reach, right before an @name but for marks: where no service is named this is Telegram's way.
REACH = _words(
    """
    联系 联络 咨询 客服 商务 对接 合作 频道 群组 链接 双向 机器人 账号 帐号 热线 代理 私聊 认准 密我 担保 售后 下单
    contact dm channel join admin support reach inbox оператор связь вопросам заказа контакт админ
    문의 문의는 상담 채널 대화 후기 구매 방 للتواصل راسلني قناة يوزر
    """
)
# What a message that lures says somewhere, so that an @name in it is an account of Telegram. Trade alone is not enough
# for a name of letters only.
CALLS = (
    r"电报|飞机|telegra|t\.me|(?<![a-z])tg(?![a-z])|联系|咨询|客服|私聊|私信|频道|代理|业务|合作|招商|接单|下单|担保|"
    r"售后|运营|总监|讨论群|引流|上车|(?<![a-z])(?:contact|dm|admin|channel|vendor|support|plug|dumps|cvv|fullz)(?![a-z])|"
    r"телег|тг|связ|пиши|контакт|оператор|админ|канал|прода|문의|상담|텔|채널|거래|대화|للتواصل|راسلني|قناة|يوزر"
)
TRADES = (
    r"出售|出u|办理|买|卖|收购|(?<![a-z])(?:buy|sell|selling|market|order|invest|profit|questions?)(?![a-z])|"
    r"заказ|купить"
)
# Of whom is spoken rather than whom to write to, or another service, right before an @name.
SPOKEN_OF = _words(
    """
    网友 粉丝 用户 关注 微博 感谢 转自 来自 作者 记者 摄影 乐队 演员 via cc rt
    twitter 推特 instagram facebook youtube tiktok 抖音 快手 小红书 snapchat 까똑 카톡
    """
)
NAME_MARKS = " :∶=>-→~()[]【】「」《》.,/|*+\"'{}"
# Writing in which an @name with a digit in it is hardly ever anything else than an account of Telegram.
FOREIGN = r"[\u0400-\u06ff\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af]"
