"""Ordinary names of persons and firms from many countries, made of common parts from a seed.

Nobody in particular is meant. Some bear a listed party's name by chance, as people do.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tools.screening.subject import Subject

__all__ = ["clean_subjects"]

#: Per region: its countries, given names, family names, words that firms there are called by, and legal forms.
_REGIONS = """
US CA GB AU IE | James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan
 Joseph Jessica Thomas Sarah Charles Karen Christopher Nancy Daniel Lisa Matthew Betty Anthony Margaret Mark Sandra
 Donald Ashley Steven Kimberly Paul Emily Andrew Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian Dorothy George
 Melissa Edward Deborah Ronald Stephanie Timothy Rebecca Jason Sharon Jeffrey Laura Ryan Cynthia Jacob Kathleen |
 Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson Martin Thompson White Harris
 Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Baker Nelson Hall Campbell Mitchell Carter
 Roberts Turner Phillips Parker Evans Edwards Collins Stewart Morris Murphy Cook Rogers Morgan Cooper Peterson Reed
 Bailey Kelly Howard Ward Cox Richardson Wood Watson Brooks Bennett Gray Hughes Price Sullivan O'Brien Fitzgerald |
 Pacific Summit Blue Ridge Harbor Lakeside Pioneer Maple Cedar Evergreen Liberty Heritage Keystone Granite Redwood
 Coastal Prairie Sunrise Northstar Silver Eagle Crestview Brookfield Westwood Riverside Oakmont Sterling Beacon Vista
 | Inc.;LLC;Corp.;Ltd;Co.;Limited;plc;
DE AT CH | Thomas Andreas Stefan Michael Peter Klaus Wolfgang Jürgen Uwe Frank Ralf Markus Sabine Petra Monika
 Susanne Claudia Birgit Ursula Karin Heike Anja Katrin Julia Lena Lukas Jonas Felix Maximilian Tobias Sebastian
 Florian Matthias | Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
 Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Werner Krause Lehmann
 Köhler Huber Kaiser Fuchs | Nord Rhein Alpen Hansa Elbe Schwarzwald Bavaria Isar Main Neckar Westfalen Saale Allgäu
 Donau Falken Adler Linden | GmbH;AG;GmbH & Co. KG;KG;OHG;SE
FR BE LU | Jean Pierre Michel André Philippe Alain Bernard Nicolas Julien Laurent Christophe Marie Nathalie Isabelle
 Sylvie Catherine Françoise Valérie Sophie Camille Émilie Aurélie Céline Hélène Lucie Chloé Antoine Guillaume Maxime |
 Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia David
 Bertrand Roux Vincent Fournier Morel Girard André Mercier Dupont Lambert Bonnet François Martinez Legrand Garnier
 Faure | Atelier Rivière Bretagne Provence Lumière Soleil Mistral Alsace Loire Savoie Horizon Étoile Normandie Vallée
 Saphir | SA;SARL;SAS;SNC;S.A.;EURL
ES MX AR CL PE | José María Antonio Manuel Francisco David Juan Javier Daniel Jesús Carlos Miguel Rafael Pedro Ángel
 Alejandro Fernando Sergio Alberto Luis Carmen Ana Isabel Laura Cristina Marta Lucía Elena Pilar Raquel Rosa Patricia
 Beatriz Silvia Teresa Paula Andrea Gabriela Valentina Camila Sofía Diego Andrés Ricardo Eduardo Roberto Jorge Héctor
 | García González Rodríguez Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno
 Álvarez Muñoz Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina
 Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés Castillo Santos
 Lozano | Andina Sierra Costa Azul Norte Pampa Levante Cantábrica Rioja Maya Central Iberia Sol Mediterránea Águila
 Cóndor | S.A.;S.L.;S.A. de C.V.;S. de R.L.;Ltda.;S.R.L.
IT | Giuseppe Giovanni Antonio Mario Luigi Francesco Angelo Vincenzo Marco Alessandro Andrea Stefano Roberto Paolo
 Luca Maria Anna Rosa Angela Giovanna Teresa Lucia Carmela Francesca Laura Chiara Giulia Elena Sara Valentina Federica
 Silvia | Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De Luca Mancini
 Costa Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone
 Longo Gatti | Lombarda Adriatica Toscana Veneta Olimpia Aurora Vesuvio Tirrena Padana Ligure Etna Dolomiti Arno
 Fiorentina Sicula | S.p.A.;S.r.l.;S.n.c.;S.a.s.
NL DK SE NO FI | Jan Pieter Johannes Hendrik Willem Lars Erik Anders Karl Johan Mikael Nils Bjørn Søren Jens Mette
 Anna Ingrid Karin Eva Kristina Emma Sofie Freja Hanna Elin Astrid Sanne Femke Matti Juhani Mika Antti Kaisa Päivi
 Tuula Ville | De Jong Jansen De Vries Van Dijk Bakker Visser Smit Mulder Andersson Johansson Karlsson Nilsson
 Eriksson Larsson Hansen Olsen Larsen Andersen Pedersen Nielsen Jensen Christensen Rasmussen Korhonen Virtanen Mäkinen
 Nieminen Berg Lund | Nordic Baltic Fjord Polar Viking Delta Oranje Skandia Aurora Malmö Bergen Zuid Holland Øresund
 Lapin Saimaa Gotland | B.V.;N.V.;A/S;ApS;AB;AS;Oy
PL CZ HU RO | Jan Piotr Krzysztof Andrzej Tomasz Paweł Marcin Michał Anna Katarzyna Małgorzata Agnieszka Barbara Ewa
 Petr Pavel Martin Tomáš Jana Lenka László István József Zoltán Gábor Mária Ilona Ion Andrei Mihai Cristian Elena
 Ioana | Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Dąbrowski Novák Svoboda
 Novotný Dvořák Černý Procházka Nagy Kovács Tóth Szabó Horváth Varga Popescu Ionescu Popa Dumitru Stan Stoica Gheorghe
 Radu | Wisła Tatra Bohemia Moravia Dunaj Carpatia Mazovia Silesia Vltava Balaton Transilvania Danubia Polonia Krakus
 Odra | Sp. z o.o.;S.A.;s.r.o.;a.s.;Kft.;S.R.L.
RU UA KZ BY | Aleksandr Sergey Dmitry Aleksey Andrey Maksim Evgeny Ivan Mikhail Nikolay Vladimir Pavel Roman Igor
 Oleg Anna Elena Olga Natalia Ekaterina Tatiana Irina Svetlana Maria Yulia Anastasia Daria Ksenia Polina Oksana Bohdan
 Taras | Ivanov Smirnov Kuznetsov Popov Vasiliev Petrov Sokolov Mikhailov Novikov Fedorov Morozov Volkov Alekseev
 Lebedev Semenov Egorov Pavlov Kozlov Stepanov Nikolaev Orlov Andreev Makarov Nikitin Zakharov Shevchenko Kovalenko
 Bondarenko Tkachenko Kravchenko Oliynyk Akhmetov Nurlanov Abdrakhmanov Suleimenov | Severnaya Sibir Ural Vostok Zarya
 Baltika Kaskad Luch Mayak Orion Rassvet Stolitsa Volga Yantar Altai Dnipro Steppe | LLC;JSC;OOO;ZAO;PJSC
TR AZ | Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Ramazan Halil Fatma Ayşe Emine
 Hatice Zeynep Elif Meryem Şerife Sultan Esra Merve Büşra Kübra Emre Burak Cem Deniz Selin Aylin Elçin Rauf Leyla
 Nigar | Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç
 Kurt Özkan Şimşek Polat Korkmaz Çakır Erdem Aliyev Mammadov Huseynov Guliyev Hasanov Ismayilov | Anadolu Marmara Ege
 Boğaziçi Akdeniz Karadeniz Toros Truva Ankara Hazar Bursa Efes Lale Göksu Yeşil Kapadokya | A.Ş.;Ltd. Şti.;LLC
AE EG JO SA MA LB KW | Mohammed Ahmed Ali Omar Khalid Youssef Hassan Ibrahim Mahmoud Mustafa Tariq Karim Samir Walid
 Nabil Rashid Faisal Sultan Hamad Saif Fatima Aisha Mariam Layla Nour Hana Sara Amal Rania Salma Huda Yasmin Zainab
 Dina | Haddad Khoury Mansour Nasser Salem Saleh Farah Hamdan Rahman Aziz Qasim Shami Masri Najjar Sabbagh Al-Mansoori
 Al-Hashimi Al-Suwaidi Al-Ghamdi Al-Qahtani Al-Otaibi Al-Zahrani El-Sayed Benali Alaoui Bennani Tazi El-Amrani Zaki
 Fawzi | Gulf Desert Emirates Nile Oasis Falcon Arabian Atlas Petra Levant Pearl Crescent Jazeera Sahara Dana Manar
 Noor | LLC;FZE;WLL;Est.;Co. LLC;SARL
IR PK AF | Ali Reza Hossein Mohammad Mehdi Amir Hamid Saeed Majid Abbas Maryam Zahra Leila Nasrin Shirin Imran Bilal
 Usman Asif Tariq Kamran Naveed Adnan Farhan Ayesha Sana Hina Bushra Nadia Saima Faisal Zubair Junaid Shahid Waqar |
 Hosseini Karimi Rezaei Moradi Rahimi Jafari Sadeghi Rostami Kazemi Tehrani Khan Malik Butt Chaudhry Qureshi Siddiqui
 Sheikh Mirza Ansari Hashmi Bhatti Awan Akhtar Iqbal Javed Mahmood Raza Haider Aslam Nawaz Yousafzai Durrani Noori
 Popal | Pars Alborz Zagros Indus Karakoram Khyber Punjab Margalla Ravi Chenab Damavand Sepehr Aria Negin Kohsar Bolan
 Makran | Co.;(Pvt.) Ltd.;Ltd.;PJS;Private Limited
IN BD LK | Rajesh Suresh Ramesh Amit Sanjay Vijay Anil Sunil Rahul Arjun Vikram Ravi Deepak Manoj Priya Pooja Neha
 Anjali Sunita Kavita Lakshmi Meena Divya Swati Rekha Anita Abdul Rahim Kamal Nasrin Shirin Dilani Nuwan Chaminda
 Kumari Arun | Kumar Sharma Singh Gupta Patel Verma Reddy Iyer Nair Menon Rao Mehta Shah Joshi Desai Chatterjee
 Mukherjee Banerjee Das Ghosh Bose Pillai Agarwal Jain Kapoor Malhotra Hossain Islam Chowdhury Perera Fernando Silva
 Jayawardena Bandara | Ganga Himalaya Deccan Kaveri Lotus Ashoka Malabar Konkan Narmada Surya Bengal Padma Ceylon
 Vindhya Coromandel Shakti | Pvt. Ltd.;Private Limited;Ltd.;LLP
CN TW HK SG | Wei Fang Li Min Jing Lei Qiang Jun Yan Yong Juan Chao Xiuying Jie Tao Ming Xia Ping Gang Guiying Yu Hui
 Xiaoming Zhiqiang Jianguo Haiyan Meiling Wenjie Chunhua Lihua Xinyi Zihan Haoran Yuxuan Kaiwen Siew Wai Chee Mei Hong
 | Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang Deng Feng
 Song Han Cao Zeng Peng Xiao Cai Pan Tian Dong Yuan Tan Lim Lee Wong Chan Ng Ong Goh Teo Koh Lam Cheung Leung Lau |
 Shanghai Guangdong Shenzhen Ningbo Hangzhou Suzhou Jiangsu Zhejiang Golden Dragon Great Wall Huaxin Jinhua Longteng
 Yongda Xinyuan Hengtai Ruifeng Dongfang Baoli Taihe Fuhua Orient Jade Lucky Evergrowing | Co., Ltd.;Co.,
 Limited;Limited;Pte. Ltd.;Group Co., Ltd.
KR JP VN | Minjun Seojun Jiho Jiwoo Hyunwoo Sungmin Youngho Jihye Minji Soojin Eunji Hiroshi Takashi Kenji Yuki Akira
 Haruto Sakura Yoko Keiko Naoko Emi Anh Minh Hung Tuan Dung Hoa Lan Huong Thuy Linh Trang Nam Quang Duc Hieu Thanh
 Ngoc | Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura
 Kobayashi Kato Yoshida Yamada Sasaki Matsumoto Nguyen Tran Le Pham Hoang Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly Trinh
 | Hanil Daewon Sejong Seoul Busan Sakura Fuji Tokai Nippon Osaka Asahi Meiwa Saigon Mekong Hanoi Thanh Cong Viet Tien
 | Co., Ltd.;K.K.;JSC;Corp.;Inc.
NG GH KE ZA | Emeka Chukwudi Olusegun Adebayo Kwame Kofi Kwabena Ama Akosua John Grace Joseph Mary Samuel Esther
 Peter Joyce Thabo Sipho Nomsa Lerato Wanjiru Kamau Otieno Achieng Chinedu Ngozi Ifeoma Tunde Yetunde Blessing
 Patience Musa | Okafor Adeyemi Okonkwo Balogun Eze Abubakar Bello Mensah Owusu Boateng Asante Osei Mwangi Kariuki
 Ochieng Njoroge Wambui Nkosi Dlamini Khumalo Ndlovu Mokoena Van der Merwe Botha Naidoo Mahlangu Odhiambo Kiplagat
 Danjuma Ogunleye | Savanna Kilimanjaro Baobab Lagos Volta Ashanti Rift Zulu Cape Sahel Niger Protea Serengeti Umoja
 Nyota Springbok | Ltd;Limited;(Pty) Ltd;plc;Nigeria Ltd
BR PT AO | João José Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Gabriel Rafael Maria Ana Francisca
 Adriana Juliana Márcia Fernanda Patrícia Aline Sandra Camila Amanda Bruna Letícia Rui Nuno Tiago Sofia Inês Catarina
 Joana Vasco | Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho
 Almeida Lopes Soares Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira Nunes Marques Machado Mendes
 Freitas Cardoso Teixeira | Atlântica Amazônia Paulista Carioca Serra Lusitana Tejo Douro Minas Ipanema Pantanal
 Gaúcha Alvorada Luanda Cerrado | Ltda.;S.A.;Lda.;EIRELI
"""  # noqa: RUF001
_TRADES = """
Trading; Foods; Logistics; Engineering; Textiles; Electronics; Pharma; Construction; Consulting; Software; Furniture;
Packaging; Plastics; Steel; Shipping; Import Export; Machinery; Chemicals; Garments; Medical Supplies; Solutions;
Automotive; Energy; Industries; International; Agricultural Products; Cosmetics; Printing; Ceramics; Toys; Bakery;
Coffee; Seafood; Optics; Tools; Paper; Leather; Glass; Tiles; Wine; Design; Technologies; Systems; Transport; Travel;
Insurance Brokers; Partners
"""


@dataclass(frozen=True, slots=True)
class _Region:
    countries: list[str]
    given: list[str]
    family: list[str]
    firms: list[str]
    forms: list[str]


def _regions() -> list[_Region]:
    regions: list[_Region] = []
    for block in _REGIONS.strip().replace("\n ", " ").splitlines():
        countries, given, family, firms, forms = [part.strip() for part in block.split("|")]
        names = family.replace("De ", "De_").replace("Van der ", "Van_der_").replace("Van D", "Van_D").split()
        family_names = [name.replace("_", " ") for name in names]
        regions.append(_Region(countries.split(), given.split(), family_names, firms.split(), forms.split(";")))
    return regions


def clean_subjects(count: int, *, seed: int = 11) -> Iterator[Subject]:
    """`count` subjects, persons and firms in turn, each with a type, a country, and persons with a date of birth."""
    draw = random.Random(seed)
    regions = _regions()
    for number in range(count):
        region = draw.choice(regions)
        country = draw.choice(region.countries)
        if number % 2:
            yield Subject(_firm(draw, region), type="Entity", country=country)
        else:
            dob = f"{draw.randint(1945, 2004)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
            yield Subject(_person(draw, region), type="Individual", country=country, dob=dob)


def _person(draw: random.Random, region: _Region) -> str:
    given = draw.sample(region.given, draw.choice((1, 1, 1, 2)))
    family = draw.sample(region.family, 2 if region.countries[0] in ("ES", "BR") and draw.random() < 0.6 else 1)
    return " ".join([*given, *family])


def _firm(draw: random.Random, region: _Region) -> str:
    trades = " ".join(_TRADES.split()).split("; ")
    kind = draw.random()
    if kind < 0.35:
        words = [draw.choice(region.family), draw.choice(trades)]
    elif kind < 0.45:
        words = [*draw.sample(region.family, 2)]
    else:
        words = [*draw.sample(region.firms, draw.choice((1, 1, 2))), *draw.sample(trades, draw.choice((1, 1, 2)))]
    return " ".join([*words, draw.choice(region.forms)]).strip()
