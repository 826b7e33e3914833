"""What to do now, by harm, in both languages: the standing advice that stands below every answer.

Each harm has its own first steps; the last ones, on money already sent, are the same for all.
"""

from dataclasses import dataclass

from django.utils.translation import get_language

from tocsin.engine.harms import Harm

_NOTHING = (
    (
        "不急着点链接、回电话、转账；先从官方应用或官方电话自己核实。",
        "Do not hurry to tap, call back or pay; check by yourself through the official app or number.",
    ),
    ("拿不准：打反诈专线 96110 问一问。", "Not sure: ask the anti-scam line, 96110."),
)
_LAST = (
    (
        "已经转账：马上打 110 报警，并请银行紧急止付；保留聊天和转账记录。",
        "Money already sent: call 110 at once and ask your bank to stop the payment; keep the chats and payment records.",
    ),
    ("拿不准：打反诈专线 96110 问一问。", "Not sure: ask the anti-scam line, 96110."),
)
_FIRST: dict[Harm, tuple[tuple[str, str], ...]] = {
    Harm.TASK_SCAM: (
        (
            "停止做任务，不再垫付一分钱；先返小钱是为了骗大钱。",
            "Stop the tasks and pay nothing more; small rewards come first to get a large payment later.",
        ),
        ("退出群聊，不下载对方给的应用。", "Leave the group and do not install their app."),
    ),
    Harm.INVESTMENT_SCAM: (
        (
            "不再入金。能看到的“盈利”只是数字，提现时会要你再交钱。",
            "Pay in nothing more. The profit on the screen is only a number; to withdraw you will be asked to pay again.",
        ),
        (
            "只用持牌机构的官方渠道，牌照可在监管部门网站查到。",
            "Use licensed firms only; the regulator's website lists them.",
        ),
    ),
    Harm.LOAN_SCAM: (
        (
            "放款前收费的都是骗局：手续费、保证金、解冻费一律不交。",
            "A fee before the loan is a scam: pay no handling fee, deposit or 'unfreezing' fee.",
        ),
        ("不把身份证、银行卡照片和验证码发给对方。", "Do not send pictures of your ID or bank card, nor any code."),
    ),
    Harm.IMPERSONATION_SUPPORT: (
        (
            "挂断，打开官方应用里的客服核实；退款不需要你转账，也不需要共享屏幕。",
            "Hang up and ask customer service inside the official app; a refund never needs a transfer or your screen.",
        ),
        (
            "已经开了屏幕共享：马上断网，改密码，联系银行。",
            "Screen already shared: go offline, change passwords, call your bank.",
        ),
    ),
    Harm.IMPERSONATION_AUTHORITY: (
        (
            "挂断。公检法不会电话办案，没有“安全账户”。",
            "Hang up. Police and courts do not handle cases by phone, and there is no 'safe account'.",
        ),
        ("告诉家人；要你保密的就是骗子。", "Tell your family; whoever asks for secrecy is a scammer."),
    ),
    Harm.IMPERSONATION_BANK: (
        (
            "不点短信里的链接，拨打银行卡背面的号码核实。",
            "Do not tap the link; call the number on the back of your card.",
        ),
        (
            "填过卡号或验证码：马上挂失，改密码。",
            "Card number or code entered: block the card and change your password.",
        ),
    ),
    Harm.IMPERSONATION_ACQUAINTANCE: (
        (
            "用原来的号码打电话，或当面问本人；没听到本人声音前不转账。",
            "Call the person on the number you already had, or ask face to face; pay nothing before that.",
        ),
        ("单位付款按流程走，领导催也要核实。", "At work follow the payment procedure, however much the boss hurries."),
    ),
    Harm.CREDIT_REPAIR_SCAM: (
        (
            "征信不能花钱修复；异议可向银行或征信中心免费提出。",
            "A credit record cannot be cleared for money; raise a dispute with your bank for free.",
        ),
        ("不转账、不贷款、不共享屏幕。", "Transfer nothing, borrow nothing, share no screen."),
    ),
    Harm.SHOPPING_SCAM: (
        (
            "只在平台内付款，不私下转账，不点对方发来的付款链接。",
            "Pay only inside the platform, never privately or through a link they send.",
        ),
        ("先查卖家和票务的官方渠道。", "Check the seller or the official ticket office first."),
    ),
    Harm.ROMANCE_SCAM: (
        (
            "没见过面的人要钱、带你投资，就停下。",
            "Someone you have never met asks for money or guides your investing: stop.",
        ),
        (
            "被威胁要发照片：不付款，付了还会再要；保留证据，报警。",
            "Threatened with pictures: do not pay, they will ask again; keep the evidence and go to the police.",
        ),
    ),
    Harm.GAME_TRADE_SCAM: (
        (
            "只在官方交易平台买卖，不交“保证金”“解冻费”。",
            "Trade only on official platforms; pay no deposit or 'unfreezing' fee.",
        ),
        ("不把账号、密码和验证码给人。", "Give nobody your account, password or code."),
    ),
    Harm.PRIZE_SCAM: (
        ("领奖、领补贴先交钱的都是骗局。", "A prize or subsidy that costs money first is a scam."),
        (
            "不填身份证、银行卡和验证码；补贴以政府网站为准。",
            "Enter no ID, card or code; real subsidies stand on government websites.",
        ),
    ),
    Harm.JOB_LURE: (
        (
            "先交钱、先培训贷款、要你出境的“高薪”工作，不去。",
            "A job that wants money first, a training loan, or you across a border: do not go.",
        ),
        (
            "到企业官网和工商登记核实；出发前告诉家人。",
            "Check the company's own site and register entry; tell your family before you travel.",
        ),
    ),
    Harm.GAMBLING_LURE: (
        (
            "不注册、不充值；网络赌博后台可控，赢的钱取不出来。",
            "Do not sign up or pay in; the site decides who wins, and winnings cannot be withdrawn.",
        ),
        (
            "不出借银行卡和收款码，替人收款可能犯罪。",
            "Do not lend your bank card or payment code; moving such money can be a crime.",
        ),
    ),
    Harm.SEX_LURE: (
        (
            "不付定金，不点链接；付了会有一个又一个的“保证金”。",
            "Pay no deposit and tap nothing; one 'deposit' follows another.",
        ),
        ("被敲诈就停止付款，报警。", "If you are blackmailed, stop paying and go to the police."),
    ),
    Harm.FORGED_PAPERS: (
        (
            "不买假证假票：钱付了人就消失，使用还会违法。",
            "Do not buy forged papers: the seller vanishes, and using them is an offence.",
        ),
        ("发证照的事只找官方窗口。", "For papers go to the official office."),
    ),
    Harm.ILLICIT_TRADE: (
        (
            "不联系、不付款，这类买卖违法，多数也是骗局。",
            "Do not get in touch or pay: the trade is illegal and mostly a scam as well.",
        ),
        ("把线索交给警方。", "Leave the lead to the police."),
    ),
    Harm.ACCOUNT_TRADE: (
        (
            "不出租、不出借、不出售银行卡、电话卡和账号，可能成为诈骗共犯。",
            "Do not rent, lend or sell cards or accounts: you may become part of a fraud.",
        ),
        ("已经给出：马上挂失，并告诉警方。", "Already handed over: block them now and tell the police."),
    ),
    Harm.DATA_TRADE: (
        (
            "不买卖个人信息，也不点“查人”的链接。",
            "Do not buy or sell personal data, and do not open 'find anyone' links.",
        ),
        (
            "自己的信息被卖：保留截图，报警，改密码。",
            "If it is your data: keep a screenshot, tell the police, change passwords.",
        ),
    ),
    Harm.PHISHING: (
        (
            "不点链接，不填账号、卡号和验证码；自己打开官方应用。",
            "Do not open the link or enter anything; open the official app by yourself.",
        ),
        (
            "已经填了：马上改密码，联系银行挂失。",
            "Already entered: change the password and have your bank block the card.",
        ),
    ),
    Harm.MALWARE: (
        (
            "不安装，不扫码下载；应用只从官方商店来。",
            "Do not install it or scan to download; take apps from official stores only.",
        ),
        (
            "已经安装：断网，卸载，换一台设备改密码。",
            "Already installed: go offline, remove it, change passwords from another device.",
        ),
    ),
    Harm.HACKING_SERVICE: (
        (
            "不付款：雇人入侵违法，对方多半也只是骗钱。",
            "Do not pay: hiring a break-in is a crime, and mostly they only take the money.",
        ),
        (
            "账号被盗走官方申诉；被勒索就报警。",
            "For a stolen account use the official recovery; if you are blackmailed, go to the police.",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do now, step by step, in the reader's language."""

    steps: tuple[str, ...]


def advice_for(harm: Harm | str | None) -> Advice:
    """The standing advice for a harm, or for a message in which nothing was found."""
    pairs = (*_FIRST[Harm(harm)], *_LAST) if harm else _NOTHING
    language = 1 if get_language() == "en" else 0
    return Advice(tuple(pair[language] for pair in pairs))
